namespace Machine.Tool.Engines.Confinement;

/// <summary>All that a confined process may touch; everything else is refused by the kernel.</summary>
/// <param name="Grants">Files and folders that exist when it starts.</param>
/// <param name="ListensAt">The one TCP port, or null for none; it connects to none.</param>
/// <param name="LargestFile">Bytes; null: any.</param>
internal sealed record Confinement(IReadOnlyList<Grant> Grants, int? ListensAt, long? LargestFile)
{
    /// <summary>What the kernel here can't do of it, in words; null when it can all.</summary>
    public static string? Missing =>
        !OperatingSystem.IsLinux() ? "this system has no Landlock"
        : Landlock.Version == 0 ? "this kernel has no Landlock (Linux 5.13 and later; lsm=landlock,… on its command line)"
        : Landlock.Version < 4 ? $"this kernel's Landlock is of version {Landlock.Version}: files are walled off, TCP ports and signals are not (Linux 6.12 and later)"
        : Landlock.Version < 6 ? $"this kernel's Landlock is of version {Landlock.Version}: files and TCP ports are walled off, signals are not (Linux 6.12 and later)"
        : !SystemCallFilter.IsKnown ? "there is no list of system calls for this processor"
        : null;

    /// <summary>Whether files are walled off: without it nothing keeps a process from what its user may read.</summary>
    public static bool WallsOffFiles => OperatingSystem.IsLinux() && Landlock.Version > 0;
}

/// <param name="Exactly">The path is a real one that was checked: where a link has come into it since, nothing starts.</param>
internal sealed record Grant(string Path, Right Rights, bool Exactly = false);
