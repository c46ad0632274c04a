using Machine.Tool.Hosting;

namespace Machine.Tool.Packages.Pypi;

/// <summary>
/// pip's settings of the host: the files of the user and of the whole host, and PIP_ variables. The files of a virtual environment are left out: it lies in a
/// project mostly, and came with the code.
/// </summary>
internal sealed class PipSettings
{
    // What holds for all of pip, then what holds for installing alone, then the variables: each over the one before (pip.pypa.io/en/stable/topics/configuration).
    private static readonly string[] Sections = ["global", "install"];

    private readonly Dictionary<(string Section, string Key), string> values = [];

    /// <summary>As pip finds them: the whole host's first, then the user's; PIP_CONFIG_FILE stands in for the user's.</summary>
    public static IReadOnlyList<string> Files()
    {
        var named = Environment.GetEnvironmentVariable("PIP_CONFIG_FILE") is { Length: > 0 } given ? given : null;
        if (named is "/dev/null" or "nul" or "NUL")
        {
            return [];
        }

        return named is not null && File.Exists(named) ? [.. OfHost(), named] : [.. OfHost(), .. OfUser()];
    }

    /// <summary>A setting, or null; a variable that is empty says nothing.</summary>
    public string? this[string key] =>
        Environment.GetEnvironmentVariable("PIP_" + key.Replace('-', '_').ToUpperInvariant()) is { Length: > 0 } variable ? variable
        : Sections.Reverse().Select(section => values.GetValueOrDefault((section, key))).FirstOrDefault(value => value is { Length: > 0 });

    /// <summary>A setting of several words.</summary>
    public IReadOnlyList<string> Words(string key) => this[key]?.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries) ?? [];

    public bool Has(string key) => this[key]?.ToLowerInvariant() is "1" or "true" or "yes" or "y" or "t" or "on";

    /// <summary>Adds a file's settings over those that are there; a missing file adds nothing.</summary>
    public PipSettings AddFile(string path) => File.Exists(path) ? AddText(File.ReadAllText(path)) : this;

    /// <summary>As Python's configparser reads it: what is indented goes on with the value before.</summary>
    public PipSettings AddText(string text)
    {
        (string Section, string Key)? open = null;
        var section = "";
        foreach (var line in text.Split('\n').Select(line => line.TrimEnd()))
        {
            var words = line.TrimStart();
            if (words.Length == 0 || words[0] is '#' or ';')
            {
                continue;
            }

            if (open is { } before && words.Length < line.Length)
            {
                values[before] += "\n" + words;
            }
            else if (words[0] == '[' && words.IndexOf(']', StringComparison.Ordinal) is > 0 and var end)
            {
                (section, open) = (words[1..end], null);
            }
            else if (words.IndexOfAny(['=', ':']) is > 0 and var at)
            {
                open = (section, words[..at].Trim().ToLowerInvariant().Replace('_', '-').TrimStart('-'));
                values[open.Value] = words[(at + 1)..].Trim();
            }
        }

        return this;
    }

    private static IEnumerable<string> OfHost()
    {
        if (OperatingSystem.IsWindows())
        {
            return [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.CommonApplicationData), "pip", "pip.ini")];
        }

        return OperatingSystem.IsMacOS()
            ? ["/Library/Application Support/pip/pip.conf"]
            : [.. (Variable("XDG_CONFIG_DIRS") ?? "/etc/xdg").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathFullyQualified).Select(folder => Path.Combine(folder, "pip", "pip.conf")), "/etc/pip.conf"];
    }

    private static IEnumerable<string> OfUser()
    {
        var home = UserHome.Folder;
        if (OperatingSystem.IsWindows())
        {
            return [Path.Combine(home, "pip", "pip.ini"), Path.Combine(UserHome.Settings ?? home, "pip", "pip.ini")];
        }

        var own = Path.Combine(home, "Library", "Application Support", "pip");
        var folder = OperatingSystem.IsMacOS() && Directory.Exists(own) ? own
            : Path.Combine(OperatingSystem.IsMacOS() ? Path.Combine(home, ".config") : Variable("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config"), "pip");
        return [Path.Combine(home, ".pip", "pip.conf"), Path.Combine(folder, "pip.conf")];
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value && Path.IsPathFullyQualified(value.Split(':')[0]) ? value : null;
}
