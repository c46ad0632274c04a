namespace Machine.Tool.Workspaces.Outputs;

/// <summary>What a path on a command line is relative to, and whether it is a folder.</summary>
internal enum PlaceKind
{
    /// <summary>A folder, relative to where the command is typed.</summary>
    Folder,

    /// <summary>A file, relative to where the command is typed.</summary>
    File,

    /// <summary>A folder, relative to each project that is built: an MSBuild property.</summary>
    FolderOfProject,

    /// <summary>A file, relative to the folder of test results.</summary>
    TestResult,
}

/// <summary>A place that a command line names for output.</summary>
/// <param name="Option">As it was typed, for messages.</param>
internal sealed record NamedOutput(string Option, string Value, PlaceKind Kind);
