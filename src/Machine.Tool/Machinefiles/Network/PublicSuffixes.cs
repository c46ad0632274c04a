namespace Machine.Tool.Machinefiles.Network;

/// <summary>Names below which anybody can have one (<c>co.uk</c>, <c>github.io</c>). Source: the Public Suffix List, embedded.</summary>
internal static class PublicSuffixes
{
    private const string Resource = "Machinefiles/public-suffixes.txt";

    private static readonly Lazy<HashSet<string>> Rules = new(Read);

    private static readonly Lazy<HashSet<string>> Above = new(() => Rules.Value.SelectMany(rule => Ancestors(rule.TrimStart('!', '*', '.'))).ToHashSet(StringComparer.Ordinal));

    /// <summary>Below it are names below which anybody can have one (<c>amazonaws.com</c>).</summary>
    public static bool HasBelow(HostName name) => Above.Value.Contains(name.Text);

    public static bool Contains(HostName name)
    {
        var above = name.Text[(name.Text.IndexOf('.', StringComparison.Ordinal) + 1)..];
        return Rules.Value.Contains(name.Text) || (Rules.Value.Contains("*." + above) && !Rules.Value.Contains("!" + name.Text));
    }

    private static IEnumerable<string> Ancestors(string name)
    {
        while (name.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot)
        {
            name = name[(dot + 1)..];
            yield return name;
        }
    }

    private static HashSet<string> Read()
    {
        using var stream = typeof(PublicSuffixes).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        var rules = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith("//", StringComparison.Ordinal))
            {
                rules.Add(line);
            }
        }

        return rules;
    }
}
