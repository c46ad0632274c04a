namespace Machine.Tool.Machinefiles.Network;

/// <summary>Words for what many projects need. Package registries are none of them: this host serves packages itself.</summary>
internal static class NetworkPresets
{
    private static readonly Dictionary<string, IReadOnlyList<string>> Known = new(StringComparer.Ordinal)
    {
        ["anthropic"] = ["api.anthropic.com"],
        ["openai"] = ["api.openai.com"],
        // Pages, clones over HTTPS, archives, and what releases and large files are redirected to.
        ["github"] = ["github.com", "api.github.com", "codeload.github.com", "raw.githubusercontent.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com", "github.com:22"],
    };

    /// <summary>Known words whose service this host will offer itself.</summary>
    private static readonly string[] Coming = ["npm", "apt", "pypi", "docker", "nuget"];

    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys.Order(StringComparer.Ordinal)];

    /// <returns>The rules of a preset; null where it is none.</returns>
    public static IReadOnlyList<string>? Find(string name) => Known.GetValueOrDefault(name);

    public static bool IsComing(string name) => Coming.Contains(name, StringComparer.Ordinal);
}
