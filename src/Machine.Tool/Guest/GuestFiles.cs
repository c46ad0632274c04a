using System.Security.Cryptography;
using System.Text;

namespace Machine.Tool.Guest;

/// <summary>This tool's programs and configuration inside, as a script that writes them: so an image depends on none of them.</summary>
internal static class GuestFiles
{
    private const string EndOfFile = "MACHINE_END_OF_FILE";

    private static readonly string[] Programs = ["exec.pl", "signal.sh", "freeze.sh", "suspend.sh", "changes.pl"];

    // The feed is plain http inside the ssh tunnel, on the guest's own loopback.
    private static string NuGetConfig => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <configuration>
          <packageSources>
            <clear />
            <add key="machine" value="{GuestLayout.FeedUrl}" protocolVersion="3" allowInsecureConnections="true" />
          </packageSources>
          <fallbackPackageFolders>
            <clear />
          </fallbackPackageFolders>
        </configuration>

        """;

    public static string Script()
    {
        var files = new StringBuilder("mkdir -p /machine/bin /machine/etc\n");
        foreach (var name in Programs)
        {
            Append(files, $"{GuestLayout.Programs}/{name}", GuestResource.Read(name));
        }

        Append(files, GuestLayout.NuGetConfig, NuGetConfig);
        files.Append("chmod 755 /machine /machine/bin /machine/bin/*\n");
        // sshd starts every command through root's shell; dash starts fastest.
        files.Append("sed -i 's#^\\(root:.*\\):/bin/bash$#\\1:/bin/sh#' /etc/passwd\n");

        // A template of this very tool has them: then nothing is started for it.
        var version = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(files.ToString())))[..16];
        return $"set -e\nhave=; [ ! -r /machine/etc/version ] || read -r have < /machine/etc/version\nif [ \"$have\" != {version} ]; then\n{files}echo {version} > /machine/etc/version\nfi\n";
    }

    private static void Append(StringBuilder script, string path, string content) =>
        script.Append("cat > ").Append(path).Append(" <<'").Append(EndOfFile).Append("'\n")
            .Append(content.TrimEnd('\n')).Append('\n').Append(EndOfFile).Append('\n');
}
