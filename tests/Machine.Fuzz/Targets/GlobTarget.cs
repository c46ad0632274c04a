using Machine.Tool.Workspaces.Paths;


namespace Machine.Fuzz.Targets;

/// <summary>A repository wrote the pattern, root of the guest the path: a line of each.</summary>
internal static class GlobTarget
{
    public static FuzzTarget Target { get; } = new("glob", Run, "**/", "*", "?", "{a,b}", "{", "}", ",", "**/**/", "*a*a*a*a*", "a/b/c", "aaaaaaaaaaaa", "\n", "bin/**", "!", "[a-z]", "\\");

    private static void Run(byte[] input)
    {
        var text = System.Text.Encoding.UTF8.GetString(input).Split('\n', 2);
        if (text.Length < 2 || !Glob.TryParse(text[0], out var glob, out _))
        {
            return;
        }

        var matches = glob.Matches(text[1]);
        Promise.Holds(matches == Glob.Parse(glob.Pattern).Matches(text[1]), "read again, it matches otherwise");
        // Without a wildcard it is the path itself, or a folder that the path lies in.
        Promise.Holds(!matches || text[0].AsSpan().IndexOfAny("*?{<") >= 0 || $"/{text[1]}/".Contains($"/{text[0].Trim('/')}/", StringComparison.Ordinal), $"plain text matches another: {text[0]}");
    }
}
