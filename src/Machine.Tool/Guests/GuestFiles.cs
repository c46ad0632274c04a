using System.Security.Cryptography;
using System.Text;

namespace Machine.Tool.Guests;

/// <summary>This tool's programs and configuration inside, as a script that writes them: so an image depends on none of them.</summary>
internal static class GuestFiles
{
    private const string VersionFile = "/machine/etc/version";
    private const string EndOfFile = "MACHINE_END_OF_FILE";

    private static readonly string[] Programs = ["exec.pl", "orders.pl", "signal.sh", "freeze.sh", "suspend.pl", "changes.pl"];

    // The feed is plain http inside the ssh tunnel, on the guest's own loopback.
    private static string NuGetConfig(string feed) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <configuration>
          <packageSources>
            <clear />
            <add key="machine" value="{feed}" protocolVersion="3" allowInsecureConnections="true" />
          </packageSources>
          <fallbackPackageFolders>
            <clear />
          </fallbackPackageFolders>
        </configuration>

        """;

    /// <summary>Exit code of <see cref="Check"/>.</summary>
    public const int Missing = 42;

    private static readonly string Files = Write();

    private static readonly string Version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Files)))[..16];

    /// <summary>Writes them all.</summary>
    public static string Script => $"set -e\n{Files}echo {Version} > {VersionFile}\n";

    /// <summary>Ends the script where the guest does not have these very ones.</summary>
    public static string Check => $"set -e\nhave=; [ ! -r {VersionFile} ] || read -r have < {VersionFile}\n[ \"$have\" = {Version} ] || exit {Missing}\n";

    private static string Write()
    {
        var files = new StringBuilder("mkdir -p /machine/bin /machine/etc\n");
        foreach (var name in Programs)
        {
            Append(files, $"{GuestLayout.Programs}/{name}", "cat", GuestResource.Read(name).TrimEnd('\n'));
        }

        var logger = Convert.ToBase64String(GuestResource.ReadBytes("Machine.Build.dll"), Base64FormattingOptions.InsertLineBreaks);
        Append(files, GuestLayout.BuildLogger, "base64 -d", logger.Replace("\r", "", StringComparison.Ordinal));
        Append(files, GuestLayout.NuGetConfig, "cat", NuGetConfig(GuestLayout.FeedUrl).TrimEnd('\n'));
        // For whoever builds in containers: the same at the address that they reach (docs/network.md).
        files.Append("mkdir -p ").Append(GuestLayout.ForContainers).Append('\n');
        Append(files, GuestLayout.ForContainers + "/nuget.config", "cat", NuGetConfig(GuestLayout.Own(GuestLayout.FeedUrl)).TrimEnd('\n'));
        Append(files, GuestLayout.ForContainers + "/npmrc", "cat", $"registry={GuestLayout.Own(GuestLayout.NpmUrl)}\nreplace-registry-host=always");
        files.Append("chmod 755 /machine /machine/bin /machine/bin/*\n");
        // sshd starts every command through root's shell; dash starts fastest.
        files.Append("sed -i 's#^\\(root:.*\\):/bin/bash$#\\1:/bin/sh#' /etc/passwd\n");
        return files.ToString();
    }

    private static void Append(StringBuilder script, string path, string program, string content) =>
        script.Append(program).Append(" > ").Append(path).Append(" <<'").Append(EndOfFile).Append("'\n").Append(content).Append('\n').Append(EndOfFile).Append('\n');
}
