using System.Text.RegularExpressions;

namespace Machine.Tool.Packages.Pypi;

/// <summary>Hashes of files, read strictly: one that is none would be handed on in an address.</summary>
internal static partial class PypiHash
{
    private const int Sha256Digits = 64;

    /// <summary>Adds one, where it is one.</summary>
    public static void Add(Dictionary<string, string> hashes, string algorithm, string digits)
    {
        var (kind, value) = (algorithm.ToLowerInvariant(), digits.ToLowerInvariant());
        if (Algorithm().IsMatch(kind) && Digits().IsMatch(value) && (kind != "sha256" || value.Length == Sha256Digits))
        {
            hashes.TryAdd(kind, value);
        }
    }

    /// <summary>As a fragment and an attribute write them: <c>sha256=DIGITS</c>.</summary>
    public static Dictionary<string, string> Parse(string text)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parts in text.Split('&').Take(10).Select(pair => pair.Split('=', 2)).Where(parts => parts.Length == 2))
        {
            Add(hashes, parts[0], parts[1]);
        }

        return hashes;
    }

    /// <summary>The best one, as a fragment writes it; null where there is none.</summary>
    public static string? Text(IReadOnlyDictionary<string, string> hashes) =>
        hashes.OrderByDescending(hash => hash.Key == "sha256").ThenByDescending(hash => hash.Value.Length).ThenBy(hash => hash.Key, StringComparer.Ordinal)
            .Select(hash => $"{hash.Key}={hash.Value}").FirstOrDefault();

    [GeneratedRegex(@"^[a-z0-9_]{2,20}\z")]
    private static partial Regex Algorithm();

    [GeneratedRegex(@"^[0-9a-f]{16,128}\z")]
    private static partial Regex Digits();
}
