using System.Text.RegularExpressions;

namespace Machine.Tool.Packages.Pypi;

/// <summary>Names of Python's packages and of their files. Both are tainted, from the guest and from an index alike, and are read strictly.</summary>
internal static partial class PypiName
{
    private const int MaximumName = 200;
    private const int MaximumFile = 300;

    private static readonly string[] Archives = [".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".tar"];

    /// <summary>In its one spelling (packaging.python.org/specifications/name-normalization): small letters, one hyphen between words.</summary>
    /// <exception cref="FeedException">It is no name.</exception>
    public static string Parse(string text) => text.Length <= MaximumName && NameForm().IsMatch(text)
        ? Normal(text)
        : throw FeedException.NotFound("the package index of this machine serves pages of packages and their files only");

    /// <summary>The version that a file is of, as its name says it; null where it is no file of that package that pip would take.</summary>
    /// <param name="name">Normalized.</param>
    public static string? VersionOf(string file, string name)
    {
        if (file.Length > MaximumFile || !FileForm().IsMatch(file))
        {
            return null;
        }

        if (file.EndsWith(".whl", StringComparison.OrdinalIgnoreCase))
        {
            return file[..^4].Split('-') is { Length: 5 or 6 } parts && Normal(parts[0]) == name && IsVersion(parts[1]) ? parts[1] : null;
        }

        if (Array.Find(Archives, ending => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) is not { } archive)
        {
            return null;
        }

        // Old names have hyphens of their own: the one before the version is where what stands before is the package's name.
        var stem = file[..^archive.Length];
        var at = AfterName(stem, name);
        return at > 0 && at < stem.Length && stem[at] == '-' && IsVersion(stem[(at + 1)..]) ? stem[(at + 1)..] : null;
    }

    // Where a text ends to be the name in another spelling; -1 where it begins otherwise.
    private static int AfterName(string text, string name)
    {
        var at = 0;
        foreach (var letter in name)
        {
            if (at >= text.Length || (letter == '-' ? text[at] is not ('-' or '_' or '.') : char.ToLowerInvariant(text[at]) != letter))
            {
                return -1;
            }

            at++;
            while (letter == '-' && at < text.Length && text[at] is ('-' or '_' or '.'))
            {
                at++;
            }
        }

        return at;
    }

    private static bool IsVersion(string text) => VersionForm().IsMatch(text);

    private static string Normal(string name) => Separators().Replace(name, "-").ToLowerInvariant();

    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\z")]
    private static partial Regex NameForm();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._+!-]*\z")]
    private static partial Regex FileForm();

    [GeneratedRegex(@"^[0-9A-Za-z][0-9A-Za-z._+!-]{0,127}\z")]
    private static partial Regex VersionForm();

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();
}
