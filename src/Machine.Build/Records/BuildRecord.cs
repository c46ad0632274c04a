namespace Machine.Build.Records;

internal enum RecordKind
{
    Error,
    Warning,
    Message,

    /// <summary>A tool's command line: loggers show it from another verbosity on than a message of its importance.</summary>
    CommandLine,
}

/// <summary>One event of a build in the guest: what an error list shows of it. Positions count from 1; 0 is unknown.</summary>
internal sealed class BuildRecord
{
    public RecordKind Kind { get; set; }

    /// <summary>Of a message: 0 high, 1 normal, 2 low, as MSBuild's MessageImportance counts.</summary>
    public int Importance { get; set; }

    public string Code { get; set; } = "";

    public string Subcategory { get; set; } = "";

    /// <summary>Only ever shown, never opened: the guest wrote it.</summary>
    public string File { get; set; } = "";

    public int Line { get; set; }

    public int Column { get; set; }

    public int EndLine { get; set; }

    public int EndColumn { get; set; }

    public string Project { get; set; } = "";

    public string HelpKeyword { get; set; } = "";

    public string HelpLink { get; set; } = "";

    public string Text { get; set; } = "";
}
