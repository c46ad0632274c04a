using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Paths as they may be written: relative to the project, on the host, and in the guest.</summary>
internal static class PathRules
{
    /// <summary>Wildcards: <c>*</c> and <c>?</c> within a name, <c>**</c> for any number of folders.</summary>
    public static readonly TextShape Glob = new(
        "a glob relative to the project",
        "^[^/\\\\\\[\\]{}!][^\\\\\\[\\]{}]*$",
        "\"artifacts/**\"",
        GlobFlaw);

    public static readonly TextShape Script = new(
        "a file of the project",
        "^[^/\\\\~-][^\\\\]*$",
        "./machine/setup.sh",
        text => Segments(text) is { } flaw ? flaw
            : text.StartsWith('~') || IsRooted(text) ? new Flaw($"{Printable.Quote(text)} is not relative to the project", "for example ./machine/setup.sh")
            : null);

    public static readonly TextShape Host = new(
        "a path of the host, absolute or relative to the project",
        "^[^-].*$",
        "../data",
        text => text.Length > 1024 ? new Flaw("the path is longer than 1024 characters", "use a shorter one") : null);

    public static readonly TextShape Guest = new(
        "an absolute path in the guest",
        "^/[^:\\\\,\"']+$",
        "/data",
        text => text.StartsWith('/') ? GuestPaths.Check(text) : null);

    private static Flaw? GlobFlaw(string text)
    {
        if (text.IndexOfAny(['[', ']', '{', '}', '!', '\\']) is >= 0 and var odd)
        {
            return new Flaw($"{Printable.Quote(text)}: '{text[odd]}' is not supported in a glob", "use * and ? within a name and ** for any number of folders, with / between them");
        }

        if (IsRooted(text))
        {
            return new Flaw($"{Printable.Quote(text)} is not relative to the project", "for example \"artifacts/**\"");
        }

        if (text.Length > 256 || text.Split('/').Length > 32)
        {
            return new Flaw($"{Printable.Quote(text)} is too long for a glob", "at most 256 characters and 32 folders");
        }

        return Array.Exists(text.Split('/'), segment => segment.Contains("**", StringComparison.Ordinal) && segment != "**")
            ? new Flaw($"{Printable.Quote(text)}: ** must stand alone between slashes", "for example \"**/bin/**\"")
            : text.StartsWith("./", StringComparison.Ordinal) ? new Flaw($"{Printable.Quote(text)} begins with ./", $"write {text[2..]}")
            : Segments(text);
    }

    private static bool IsRooted(string text) =>
        text.StartsWith('/') || (text.Length > 1 && text[1] == ':' && char.IsAsciiLetter(text[0]));

    // A leading "./" is how people write a script's path.
    private static Flaw? Segments(string text) =>
        Array.Find((text.StartsWith("./", StringComparison.Ordinal) ? text[2..] : text).Split('/'), segment => segment is "" or "." or "..") switch
        {
            ".." => new Flaw($"{Printable.Quote(text)} leaves the project", "write a path below the project's folder"),
            null => null,
            _ => new Flaw($"{Printable.Quote(text)} is not a clean path", "no // , no /./ and no / at the end"),
        };
}
