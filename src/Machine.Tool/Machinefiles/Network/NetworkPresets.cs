namespace Machine.Tool.Machinefiles.Network;

/// <summary>Words for what many projects need: servers, or a service of this host, which fetches from its own registry or mirror and keeps its password.</summary>
internal static class NetworkPresets
{
    /// <summary>Packages of the distribution.</summary>
    public const string Apt = "apt";

    /// <summary>Packages of npm.</summary>
    public const string Npm = "npm";

    /// <summary>Packages of Python.</summary>
    public const string Pypi = "pypi";

    private static readonly Dictionary<string, IReadOnlyList<string>> Known = new(StringComparer.Ordinal)
    {
        ["anthropic"] = ["api.anthropic.com"],
        ["openai"] = ["api.openai.com"],
        // Pages, clones over HTTPS, archives, and what releases and large files are redirected to.
        ["github"] = ["github.com", "api.github.com", "codeload.github.com", "raw.githubusercontent.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com", "github.com:22"],
    };

    /// <summary>What this host serves where a rule says so. NuGet it serves always.</summary>
    public static IReadOnlyList<string> Services { get; } = [Npm, Pypi, Apt];

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys.Concat(Services).Order(StringComparer.Ordinal)];

    /// <returns>The rules of a preset; null where it is none.</returns>
    public static IReadOnlyList<string>? Find(string name) => Known.GetValueOrDefault(name);

    public static bool IsService(string name) => Services.Contains(name, StringComparer.Ordinal);
}
