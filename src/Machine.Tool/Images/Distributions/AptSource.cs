namespace Machine.Tool.Images.Distributions;

/// <summary>One entry of a package manager's source list, whichever of the two forms it was written in.</summary>
/// <param name="SignedBy">Path of a keyring, or an embedded key block; null for the system's trusted keys.</param>
/// <param name="Trusted">Signatures are not asked for, by the administrator's own decision.</param>
internal sealed record AptSource(
    IReadOnlyList<string> Uris, IReadOnlyList<string> Suites, IReadOnlyList<string> Components, string? SignedBy = null, bool Trusted = false)
{
    /// <summary>Reads <c>sources.list</c> and <c>*.list</c>: one entry a line, options in brackets.</summary>
    public static IEnumerable<AptSource> ParseList(string text)
    {
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Split('#')[0].Trim();
            if (!line.StartsWith("deb ", StringComparison.Ordinal) && !line.StartsWith("deb\t", StringComparison.Ordinal))
            {
                continue;
            }

            line = line[3..].TrimStart();
            var options = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            if (line.StartsWith('[') && line.IndexOf(']', StringComparison.Ordinal) is > 0 and var end)
            {
                foreach (var option in Words(line[1..end]))
                {
                    var parts = option.Split('=', 2);
                    options[parts[0].TrimEnd('+', '-')] = parts.Length == 2 ? parts[1] : "";
                }

                line = line[(end + 1)..];
            }

            var words = Words(line);
            if (words.Length >= 2)
            {
                yield return new([words[0]], [words[1]], words[2..], options.GetValueOrDefault("signed-by"), IsYes(options.GetValueOrDefault("trusted")));
            }
        }
    }

    /// <summary>Reads <c>*.sources</c>: stanzas of fields (deb822).</summary>
    public static IEnumerable<AptSource> ParseStanzas(string text)
    {
        foreach (var fields in Stanzas(text))
        {
            if (Words(fields.GetValueOrDefault("Types", "")).Contains("deb")
                && !string.Equals(fields.GetValueOrDefault("Enabled", "yes").Trim(), "no", StringComparison.OrdinalIgnoreCase))
            {
                yield return new(
                    Words(fields.GetValueOrDefault("URIs", "")),
                    Words(fields.GetValueOrDefault("Suites", "")),
                    Words(fields.GetValueOrDefault("Components", "")),
                    fields.TryGetValue("Signed-By", out var key) ? key.Trim() : null,
                    IsYes(fields.GetValueOrDefault("Trusted")));
            }
        }
    }

    public string ToStanza() =>
        $"Types: deb\nURIs: {string.Join(' ', Uris)}\nSuites: {string.Join(' ', Suites)}\nComponents: {string.Join(' ', Components)}\n"
        + (SignedBy is null ? "" : $"Signed-By: {(SignedBy.Contains('\n', StringComparison.Ordinal) ? "\n " : "")}{SignedBy}\n")
        + (Trusted ? "Trusted: yes\n" : "");

    private static IEnumerable<Dictionary<string, string>> Stanzas(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        string? last = null;
        foreach (var line in text.Split('\n').Append(""))
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            if (string.IsNullOrWhiteSpace(line))
            {
                if (fields.Count > 0)
                {
                    yield return fields;
                }

                fields = new(StringComparer.OrdinalIgnoreCase);
                last = null;
            }
            else if (char.IsWhiteSpace(line[0]) && last is not null)
            {
                // An embedded key keeps its lines: the blank one is written as a dot.
                fields[last] += "\n " + line.Trim();
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                last = line[..colon].Trim();
                fields[last] = line[(colon + 1)..].Trim();
            }
        }
    }

    private static bool IsYes(string? value) => string.Equals(value?.Trim(), "yes", StringComparison.OrdinalIgnoreCase);

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
