namespace Machine.Build.Records;

/// <summary>
/// What of a record a list of errors may open: a file below the project, a page over https. The guest wrote it, and a click on it is the host's:
/// a name elsewhere (a share of another computer, to which a login is sent) is shown and can't be opened.
/// </summary>
/// <param name="root">The folder that the machine shares: where the Machinefile lies.</param>
internal sealed class RecordBounds(string root)
{
    /// <summary>Begins a name that is only shown.</summary>
    public const string Inside = "machine:";

    private readonly string root = Path.GetFullPath(root).TrimEnd(Path.DirectorySeparatorChar);

    /// <summary>The nearest folder with a Machinefile at or above the project file; else its own.</summary>
    public static RecordBounds Of(string project)
    {
        var own = Path.GetDirectoryName(Path.GetFullPath(project))!;
        for (var folder = own; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Machinefile")))
            {
                return new RecordBounds(folder);
            }
        }

        return new RecordBounds(own);
    }

    public BuildRecord Apply(BuildRecord record)
    {
        record.File = Shown(record.File);
        record.Project = Shown(record.Project);
        record.HelpLink = Uri.TryCreate(record.HelpLink, UriKind.Absolute, out var link) && link.Scheme == Uri.UriSchemeHttps && link.UserInfo.Length == 0 ? link.AbsoluteUri : "";
        record.HelpKeyword = record.HelpKeyword.All(c => c is '.' or '-' or '_' || (c < 0x80 && char.IsLetterOrDigit(c))) ? record.HelpKeyword : "";
        return record;
    }

    private string Shown(string file) => file.Length == 0 || IsBelow(file) ? file : Inside + file;

    private bool IsBelow(string file)
    {
        // Names of tools (CSC) and relative names count from the project. A colon is a drive, a stream or a scheme, two slashes are another computer.
        if (file.IndexOfAny(Path.GetInvalidPathChars()) >= 0 || file.StartsWith(@"\\", StringComparison.Ordinal) || file.StartsWith("//", StringComparison.Ordinal)
            || file.IndexOf(':') >= (Path.DirectorySeparatorChar == '\\' ? 2 : 0))
        {
            return false;
        }

        var full = Path.GetFullPath(Path.Combine(root, file.Replace('\\', Path.DirectorySeparatorChar)));
        return full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }
}
