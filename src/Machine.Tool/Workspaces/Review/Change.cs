namespace Machine.Tool.Workspaces.Review;

/// <summary>What the guest did to a path of the workspace.</summary>
internal enum ChangeKind
{
    /// <summary>The guest wrote a file that the host lacks.</summary>
    Added,

    /// <summary>The guest replaced a file of the host.</summary>
    Modified,

    /// <summary>The guest deleted a file or folder of the host.</summary>
    Deleted,
}

/// <summary>What becomes of a change.</summary>
internal enum ChangeClass
{
    /// <summary>Imported without asking.</summary>
    Output,

    /// <summary>Held until a person applies or discards it.</summary>
    Held,

    /// <summary>Tools on the host execute it: applied only when it is named.</summary>
    Guarded,

    /// <summary>Never imported; <see cref="Change.Reason"/> says why.</summary>
    Refused,
}

/// <summary>One path that differs between the guest's workspace and the host's tree.</summary>
/// <param name="Path">As it is told: of a <see cref="Paths.ProjectPath"/>, or of a name that was refused. Print it only through <see cref="Hosting.Tainted"/>, and carry nothing out by it.</param>
/// <param name="SizeBytes">Bytes of the guest's file; 0 for a deletion.</param>
/// <param name="Conflict">The host's file changed too since the guest's change began.</param>
internal sealed record Change(
    string Path, ChangeKind Kind, ChangeClass Class, long SizeBytes, bool Executable, bool Conflict, string? Reason);
