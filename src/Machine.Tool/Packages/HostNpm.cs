using System.Net;
using Machine.Tool.Hosting;

namespace Machine.Tool.Packages;

/// <summary>Which npm registry the host uses. No registry's name is in this program: npm knows its own default.</summary>
/// <param name="registry">The default one; null where nothing names one.</param>
internal sealed class HostNpm(Npmrc settings, string? registry)
{
    public Npmrc Settings => settings;

    /// <summary>The proxy of npm's settings; null leaves it to the system's own.</summary>
    public IWebProxy? Proxy => (settings["https-proxy"] ?? settings["proxy"]) is { } address && Uri.TryCreate(address, UriKind.Absolute, out var uri)
        ? new WebProxy(uri) { Credentials = Credentials(uri) }
        : null;

    /// <summary>Reads npm's files and variables; asks npm itself, where it is installed, for what they leave to its defaults.</summary>
    public static async Task<HostNpm> LoadAsync(CancellationToken cancel)
    {
        var answer = await AskNpmAsync(cancel);
        var settings = new Npmrc();
        if (answer.TryGetValue("globalconfig", out var global))
        {
            settings.AddFile(global);
        }

        settings.AddFile(Npmrc.UserFile).AddEnvironment();
        return new HostNpm(settings, settings["registry"] ?? answer.GetValueOrDefault("registry"));
    }

    /// <summary>The registry of packages without a scope; ends in a slash.</summary>
    /// <exception cref="FeedException">None is configured.</exception>
    public Uri DefaultRegistry => AddressOf(registry);

    /// <summary>The registry that has a package, by its scope; ends in a slash.</summary>
    /// <exception cref="FeedException">None is configured.</exception>
    public Uri RegistryOf(string packageName) => AddressOf(settings.ScopeRegistry(packageName) ?? registry);

    private static Uri AddressOf(string? registry)
    {
        var address = registry ?? throw FeedException.Upstream(
            "no npm registry is known: npm is not installed on the host and neither ~/.npmrc nor NPM_CONFIG_REGISTRY names a registry; set registry=ADDRESS in ~/.npmrc");
        return Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw FeedException.Upstream("the registry in the host's npm configuration is no http address");
    }

    // npm reads the .npmrc of the project it stands in.
    private static async Task<Dictionary<string, string>> AskNpmAsync(CancellationToken cancel)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (HostProgram.Find(OperatingSystem.IsWindows() ? "npm.cmd" : "npm") is not { } npm)
        {
            return found;
        }

        var result = await HostProgram.TryRunAsync(npm, ["config", "get", "registry", "globalconfig"], cancel, folder: HostProgram.OutsideOfProjects);
        foreach (var line in result.ExitCode == 0 ? result.Output.Split('\n') : [])
        {
            var at = line.IndexOf('=', StringComparison.Ordinal);
            if (at > 0)
            {
                found[line[..at].Trim()] = line[(at + 1)..].Trim();
            }
        }

        return found;
    }

    private static NetworkCredential? Credentials(Uri proxy) =>
        proxy.UserInfo.Split(':', 2) is [var user, var password]
            ? new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(password))
            : null;
}
