using System.Net;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Packages.Pypi;

/// <summary>Which indexes the host's pip uses. No index's name is in this program: pip knows its own default.</summary>
/// <param name="Indexes">In pip's order: <c>index-url</c>, then each of <c>extra-index-url</c>.</param>
/// <param name="Proxy">Of pip's settings; null leaves it to the system's own.</param>
internal sealed partial record HostPip(IReadOnlyList<PypiSource> Indexes, IWebProxy? Proxy)
{
    private static readonly TimeSpan Patience = TimeLimit.Seconds(60);

    /// <exception cref="FeedException">No index is configured, or one that is none.</exception>
    public static async Task<HostPip> LoadAsync(CancellationToken cancel)
    {
        var settings = new PipSettings();
        foreach (var file in PipSettings.Files())
        {
            settings.AddFile(file);
        }

        if (settings.Has("no-index"))
        {
            throw FeedException.Upstream("pip of this host is told to use no package index (no-index)");
        }

        var first = settings["index-url"] ?? await DefaultAsync(cancel) ?? throw FeedException.Upstream(
            "no package index of Python is known: pip is not installed on the host and neither pip.conf nor PIP_INDEX_URL names one; write index-url=ADDRESS below [global] into pip.conf");
        return new HostPip(
            [.. new[] { first }.Concat(settings.Words("extra-index-url")).Select(address => SourceOf(address, settings.Words("trusted-host"))).DistinctBy(source => source.Address)],
            settings["proxy"] is { } proxy ? ProxyOf(proxy) : null);
    }

    /// <summary>The default that a pip tells in its own help.</summary>
    internal static string? DefaultOf(string help) => DefaultForm().Match(Blanks().Replace(help, " ")) is { Success: true } match ? match.Groups[1].Value : null;

    private static PypiSource SourceOf(string address, IReadOnlyList<string> trusted)
    {
        if (!Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw FeedException.Upstream("a package index in the host's configuration of pip is no http address");
        }

        // As pip does it: without encryption only where the user says so, or on this host.
        if (uri.Scheme == "http" && !uri.IsLoopback && !trusted.Any(host => host.Equals(uri.Host, StringComparison.OrdinalIgnoreCase) || host.Equals(uri.Authority, StringComparison.OrdinalIgnoreCase)))
        {
            throw FeedException.Upstream($"the package index at {uri.Host} is plain http and not among trusted-host of the host's configuration of pip");
        }

        var user = uri.UserInfo.Length > 0 ? Uri.UnescapeDataString(uri.UserInfo) : null;
        return new PypiSource(new UriBuilder(uri) { UserName = "", Password = "", Query = "", Fragment = "" }.Uri, user is null || user.Contains(':', StringComparison.Ordinal) ? user ?? Netrc.Find(uri.Host) : user + ":");
    }

    private static async Task<string?> DefaultAsync(CancellationToken cancel)
    {
        if (FindPip() is not { } pip)
        {
            return null;
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Patience);
        try
        {
            var result = await HostProgram.TryRunAsync(
                pip, ["--isolated", "install", "--help"], deadline.Token, folder: HostProgram.OutsideOfProjects, variables: new Dictionary<string, string?> { ["COLUMNS"] = "200", ["PYTHONPATH"] = null });
            return result.ExitCode == 0 ? DefaultOf(result.Output) : null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    // One of a virtual environment lies in a project, and whoever wrote the project wrote that program.
    private static string? FindPip()
    {
        string[] names = OperatingSystem.IsWindows() ? ["pip.exe", "pip3.exe"] : ["pip", "pip3"];
        return SearchPath.Folders(Environment.GetEnvironmentVariable("PATH") ?? "")
            .Where(folder => !File.Exists(Path.Combine(folder, "..", "pyvenv.cfg")))
            .SelectMany(folder => names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }

    private static WebProxy? ProxyOf(string text)
    {
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text, UriKind.Absolute, out var uri))
        {
            return null;
        }

        var user = uri.UserInfo.Split(':', 2);
        return new WebProxy(uri) { Credentials = user.Length == 2 ? new NetworkCredential(Uri.UnescapeDataString(user[0]), Uri.UnescapeDataString(user[1])) : null };
    }

    [GeneratedRegex(@"--index-url <url>.{0,120}?\(default (https?://[^\s)]+)\)")]
    private static partial Regex DefaultForm();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
