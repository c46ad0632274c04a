using Machine.Tool.Hosting;

namespace Machine.Tool.Packages.Pypi;

/// <summary>The user's <c>.netrc</c>, where pip looks for passwords that no address carries (gnu.org/software/inetutils/manual, "The .netrc file").</summary>
internal static class Netrc
{
    private static string File =>
        Environment.GetEnvironmentVariable("NETRC") is { Length: > 0 } named ? named
        : Path.Combine(UserHome.Folder, OperatingSystem.IsWindows() ? "_netrc" : ".netrc");

    /// <summary><c>user:password</c> for a host; null where there is none.</summary>
    public static string? Find(string host)
    {
        try
        {
            return System.IO.File.Exists(File) ? Find(System.IO.File.ReadAllText(File), host) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static string? Find(string text, string host)
    {
        var words = Words(text).ToList();
        for (var at = 0; at < words.Count; at++)
        {
            var isDefault = words[at] == "default";
            if (!isDefault && !(words[at] == "machine" && host.Equals(words.ElementAtOrDefault(at + 1), StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            var entry = words.Skip(at + (isDefault ? 1 : 2)).TakeWhile(word => word is not ("machine" or "default")).ToList();
            if (Value(entry, "password") is { } password)
            {
                return $"{Value(entry, "login") ?? Value(entry, "user")}:{password}";
            }
        }

        return null;
    }

    private static string? Value(List<string> entry, string name) => entry.IndexOf(name) is >= 0 and var at ? entry.ElementAtOrDefault(at + 1) : null;

    // A macro goes to the next empty line; a comment to the end of its own.
    private static IEnumerable<string> Words(string text)
    {
        var inMacro = false;
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            if (inMacro || line.StartsWith('#'))
            {
                inMacro = inMacro && line.Length > 0;
                continue;
            }

            foreach (var word in line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            {
                if (word == "macdef")
                {
                    inMacro = true;
                    break;
                }

                yield return word.Length > 1 && word[0] == '"' && word[^1] == '"' ? word[1..^1] : word;
            }
        }
    }
}
