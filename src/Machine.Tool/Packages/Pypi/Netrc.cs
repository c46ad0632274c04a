namespace Machine.Tool.Packages.Pypi;

/// <summary>The user's <c>.netrc</c>, where pip looks for passwords that no address carries (gnu.org/software/inetutils/manual, "The .netrc file").</summary>
internal static class Netrc
{
    private static string File =>
        Environment.GetEnvironmentVariable("NETRC") is { Length: > 0 } named ? named
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), OperatingSystem.IsWindows() ? "_netrc" : ".netrc");

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
        var words = new Queue<string>(Words(text));
        string? user = null, password = null;
        var isFor = false;
        while (words.TryDequeue(out var word))
        {
            if (word is "machine" or "default")
            {
                if (isFor && password is not null)
                {
                    break;
                }

                (user, password) = (null, null);
                isFor = word == "default" || (words.TryDequeue(out var named) && named.Equals(host, StringComparison.OrdinalIgnoreCase));
            }
            else if (word is "login" or "user" or "password" or "account" && words.TryDequeue(out var value))
            {
                (user, password) = word switch
                {
                    "password" => (user, value),
                    "account" => (user, password),
                    _ => (value, password),
                };
            }
        }

        return isFor && password is not null ? $"{user}:{password}" : null;
    }

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
