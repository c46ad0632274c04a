namespace Machine.Tool.Images.Distributions;

/// <summary>The passwords of this host's mirrors that its package manager keeps apart from their addresses (apt_auth.conf). They stay outside.</summary>
internal static class AptPasswords
{
    private const string File = "/etc/apt/auth.conf";

    /// <summary>The address with the name and the password that it is read with; the same where there are none.</summary>
    public static string Add(string address) => Add(address, Texts());

    internal static string Add(string address, IEnumerable<string> texts)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0)
        {
            return address;
        }

        foreach (var entry in texts.SelectMany(Entries))
        {
            if (Fits(entry["machine"], uri) && entry.TryGetValue("login", out var login) && entry.TryGetValue("password", out var password))
            {
                return new UriBuilder(uri) { UserName = Uri.EscapeDataString(login), Password = Uri.EscapeDataString(password) }.Uri.AbsoluteUri;
            }
        }

        return address;
    }

    // Without a scheme it means https alone, so that no password goes out in the clear by accident.
    private static bool Fits(string machine, Uri address)
    {
        var scheme = machine.Contains("://", StringComparison.Ordinal) ? machine.Split("://")[0] : "https";
        return Uri.TryCreate($"{scheme}://{machine.Split("://")[^1]}", UriKind.Absolute, out var ours)
            && scheme == address.Scheme && ours.Authority == address.Authority && IsBelow(ours.AbsolutePath.TrimEnd('/'), address.AbsolutePath);
    }

    private static bool IsBelow(string folder, string path) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private static IEnumerable<Dictionary<string, string>> Entries(string text)
    {
        Dictionary<string, string>? entry = null;
        var words = text.Split('\n').Select(line => line.TrimStart()).Where(line => !line.StartsWith('#'))
            .SelectMany(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToList();
        for (var i = 0; i + 1 < words.Count; i += 2)
        {
            if (words[i] == "machine")
            {
                if (entry is not null)
                {
                    yield return entry;
                }

                entry = new(StringComparer.Ordinal);
            }

            entry?.TryAdd(words[i], words[i + 1]);
        }

        if (entry is not null)
        {
            yield return entry;
        }
    }

    private static IEnumerable<string> Texts()
    {
        string[] parts = Directory.Exists(File + ".d") ? [.. Directory.GetFiles(File + ".d", "*.conf").Order(StringComparer.Ordinal)] : [];
        foreach (var file in parts.Prepend(File).Where(System.IO.File.Exists))
        {
            string text;
            try
            {
                text = System.IO.File.ReadAllText(file);
            }
            catch (UnauthorizedAccessException)
            {
                // Root's alone: this user's package manager could not read it either.
                continue;
            }

            yield return text;
        }
    }
}
