using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Distributions;

/// <summary>How this host's package manager reaches its mirrors: proxies, certificates, clocks, passwords. In force while building, never inside.</summary>
internal static class AptSettings
{
    private static readonly string[] Passed =
        ["Acquire::http::", "Acquire::https::", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv", "Acquire::By-Hash"];

    private static readonly string[] AlsoInside = ["Acquire::Check-", "Acquire::Retries", "Acquire::By-Hash"];

    private static readonly string[] Always =
    [
        "Acquire::Languages \"none\"",
        // The build runs in namespaces of its own; the downloading user could not enter a private folder.
        "APT::Sandbox::User \"root\"",
    ];

    public static async Task<IReadOnlyList<string>> ReadAsync(CancellationToken cancel)
    {
        var settings = new List<string>(Always);
        if (HostProgram.Find("apt-config") is { } program)
        {
            var dump = await HostProgram.TryRunAsync(program, ["dump"], cancel);
            settings.AddRange(Parse(dump.Output));
        }

        foreach (var (key, path) in new[] { ("Dir::Etc::netrc", "/etc/apt/auth.conf"), ("Dir::Etc::netrcparts", "/etc/apt/auth.conf.d") })
        {
            if (File.Exists(path) || Directory.Exists(path))
            {
                settings.Add($"{key} \"{path}\"");
            }
        }

        return settings;
    }

    /// <summary>What of it holds for a package manager that is enclosed, and has its archives through the build's door: nothing that names a server, a file or a password.</summary>
    public static async Task<IReadOnlyList<string>> EnclosedAsync(CancellationToken cancel) =>
        [.. (await ReadAsync(cancel)).Where(setting => Always.Contains(setting) || AlsoInside.Any(prefix => setting.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))), "Acquire::http::Proxy \"DIRECT\""];

    /// <summary>The proxy that this host's package manager uses; null where it has none of its own.</summary>
    public static async Task<Uri?> ProxyAsync(CancellationToken cancel) =>
        (from setting in await ReadAsync(cancel)
         let parts = setting.Split(' ', 2)
         where parts[0].Equals("Acquire::http::Proxy", StringComparison.OrdinalIgnoreCase) || parts[0].Equals("Acquire::https::Proxy", StringComparison.OrdinalIgnoreCase)
         let address = Uri.TryCreate(parts[1].Trim('"'), UriKind.Absolute, out var uri) ? uri : null
         where address is not null
         select address).FirstOrDefault();

    /// <summary>Lines of <c>apt-config dump</c> (<c>Name "value";</c>) that an image build passes on, without the semicolon.</summary>
    internal static IEnumerable<string> Parse(string dump) =>
        from line in dump.Split('\n')
        let match = Regex.Match(line, "^(?<name>[^ \"]+) \"(?<value>[^\"]+)\";$", RegexOptions.ExplicitCapture, TimeLimit.OfPattern)
        where match.Success && Passed.Any(prefix => match.Groups["name"].Value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        select $"{match.Groups["name"].Value} \"{match.Groups["value"].Value}\"";
}
