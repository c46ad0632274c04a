using System.Diagnostics.CodeAnalysis;

namespace Machine.Tool.Workspaces.Paths;

/// <summary>
/// A pattern of paths, relative to the project, with '/': <c>*</c> and <c>?</c> inside a name, <c>**</c> for any folders,
/// <c>{a,b}</c> for alternatives. As in .gitignore a pattern without '/' matches at any depth, and one that matches a
/// folder matches all below it; <c>folder/**</c> matches only what is below. Case counts. No classes, no negation.
/// </summary>
internal sealed class Glob
{
    private const int MostAlternatives = 64;
    private const string AnyFolders = "**";

    // What stands for each of these literally: private characters, which no guest's name may hold (Tainted.IsDeceptive).
    private const string Special = "*?{}[]!\\,/";
    private const char FirstLiteral = '\uE000';
    private readonly string[][] alternatives;

    private Glob(string pattern, string[][] alternatives)
    {
        Pattern = pattern;
        this.alternatives = alternatives;
    }

    public string Pattern { get; }

    /// <exception cref="FormatException">The pattern is not one of ours; the message says why.</exception>
    public static Glob Parse(string pattern) =>
        TryParse(pattern, out var glob, out var error) ? glob : throw new FormatException($"'{pattern}': {error}");

    public static bool TryParse(string pattern, [NotNullWhen(true)] out Glob? glob, [NotNullWhen(false)] out string? error)
    {
        glob = null;
        error = pattern switch
        {
            "" => "empty",
            { Length: > 1000 } => "longer than 1000 characters",
            _ when pattern.Contains('\\', StringComparison.Ordinal) => "folders are separated by '/', and nothing is escaped",
            _ when pattern.StartsWith('!') => "negation is not supported",
            _ when pattern.AsSpan().IndexOfAny('[', ']') >= 0 => "character classes are not supported",
            _ => null,
        };
        var expanded = new List<string>();
        error ??= Expand(pattern, expanded) ? null : $"braces don't match, or make more than {MostAlternatives} alternatives";
        if (error is not null)
        {
            return false;
        }

        var alternatives = expanded.Select(Segments).ToArray();
        if (alternatives.Any(segments => segments.Length == 0 || segments.Any(s => s is "" or "." or "..")))
        {
            error = "an empty name, '.' or '..' in the path";
            return false;
        }

        glob = new Glob(pattern, alternatives);
        return true;
    }

    /// <summary>A pattern that matches this path alone, whatever it holds.</summary>
    public static string Escape(string path) =>
        string.Concat(path.Select(c => c != '/' && Special.IndexOf(c, StringComparison.Ordinal) is >= 0 and var at ? (char)(FirstLiteral + at) : c));

    public bool Matches(string path) => Matches(path.Split('/'));

    public bool Matches(string[] names)
    {
        foreach (var segments in alternatives)
        {
            if (MatchesPath(segments, names))
            {
                return true;
            }
        }

        return false;
    }

    // Only the last "**" (and below the last "*") is ever tried again: the time is bounded by pattern times path.
    private static bool MatchesPath(string[] pattern, string[] names)
    {
        int p = 0, n = 0, star = -1, mark = 0;
        while (p < pattern.Length)
        {
            if (pattern[p] == AnyFolders)
            {
                if (p == pattern.Length - 1)
                {
                    return n < names.Length;
                }

                star = p++;
                mark = n;
            }
            else if (n < names.Length && MatchesName(pattern[p], names[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0 && mark < names.Length)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    internal static bool MatchesName(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, star = -1, mark = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = n;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || Literal(pattern[p]) == name[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].TrimStart('*').IsEmpty;
    }

    private static char Literal(char c) => c is >= FirstLiteral and < (char)(FirstLiteral + 10) ? Special[c - FirstLiteral] : c;

    private static string[] Segments(string pattern)
    {
        var text = pattern;
        var anywhere = !text.TrimEnd('/').Contains('/', StringComparison.Ordinal);
        text = text.StartsWith('/') ? text[1..] : text;
        text = text.EndsWith('/') ? text + AnyFolders : text;
        var segments = text.Split('/').ToList();
        if (anywhere && segments[0] != AnyFolders)
        {
            segments.Insert(0, AnyFolders);
        }

        // "**/**" says no more than "**", except at the end, where something must be below.
        return segments.Where((s, i) => s != AnyFolders || i == segments.Count - 1 || segments[i + 1] != AnyFolders).ToArray();
    }

    private static bool Expand(string pattern, List<string> results)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
        {
            results.Add(pattern);
            return !pattern.Contains('}', StringComparison.Ordinal) && results.Count <= MostAlternatives;
        }

        int depth = 0, from = open + 1;
        var parts = new List<string>();
        for (var i = open; i < pattern.Length; i++)
        {
            depth += pattern[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0 || (depth == 1 && pattern[i] == ','))
            {
                parts.Add(pattern[from..i]);
                from = i + 1;
            }

            if (depth == 0)
            {
                return parts.All(part => Expand(pattern[..open] + part + pattern[from..], results));
            }
        }

        return false;
    }
}

/// <summary>Several globs; a path matches when one of them does.</summary>
/// <param name="patterns">
/// Globs; one that begins with <see cref="InProjects"/> is relative to every folder that holds a project file.
/// </param>
/// <param name="holdsProject">Whether a folder, "" for the root, holds a project file.</param>
internal sealed class GlobSet(IEnumerable<string> patterns, Func<string, bool>? holdsProject = null)
{
    public const string InProjects = "<project>/";

    private readonly (Glob Glob, bool InProjects)[] globs = [.. patterns.Select(pattern => pattern.StartsWith(InProjects, StringComparison.Ordinal)
        ? (Glob.Parse("/" + pattern[InProjects.Length..]), true)
        : (Glob.Parse(pattern), false))];

    public bool Matches(string path)
    {
        var names = path.Split('/');
        return Array.Exists(globs, glob => glob.InProjects ? MatchesInProject(glob.Glob, names) : glob.Glob.Matches(names));
    }

    private bool MatchesInProject(Glob glob, string[] names)
    {
        for (var depth = 0; depth < names.Length; depth++)
        {
            if (glob.Matches(names[depth..]) && holdsProject?.Invoke(string.Join('/', names[..depth])) == true)
            {
                return true;
            }
        }

        return false;
    }
}
