using System.Text;
using Machine.Tool.Guest;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Supervision;

/// <summary>
/// The one script that turns a booted machine into this project's machine: clock, user, volumes, workspace, feed.
/// It travels with its programs over the first ssh session, so an image depends on none of them.
/// </summary>
internal static class GuestSetup
{
    private const string EndOfFile = "MACHINE_END_OF_FILE";

    private static readonly string[] GuestPrograms = ["exec.pl", "signal.sh", "freeze.sh", "changes.pl"];

    public static string Script(ProjectRoot project, Machinefile machinefile, HostUser user, IReadOnlyCollection<string> freshVolumes, DateTimeOffset now)
    {
        var script = new StringBuilder("set -e\nmkdir -p /machine/bin /machine/etc\n");
        foreach (var name in GuestPrograms)
        {
            AppendFile(script, $"{GuestLayout.Programs}/{name}", GuestResource.Read(name));
        }

        AppendBinary(script, GuestLayout.BuildLogger, GuestResource.ReadBytes("Machine.Build.dll"));
        AppendFile(script, GuestLayout.NuGetConfig, NuGetConfig);
        AppendVariable(script, "NOW", now.ToUnixTimeSeconds().ToString());
        AppendVariable(script, "USER_NAME", user.Name);
        AppendVariable(script, "USER_ID", user.UserId.ToString());
        AppendVariable(script, "GROUP_ID", user.GroupId.ToString());
        AppendVariable(script, "USER_HOME", user.GuestHome);
        AppendVariable(script, "PROJECT", project.Path);
        AppendVariable(script, "VOLUMES", string.Join('\n', VolumeStore.AllOf(machinefile).Select(
            volume => $"{VolumeStore.Serial(volume.Key)} {(freshVolumes.Contains(volume.Key) ? "yes" : "no")} {volume.Value.GuestPath}")));
        AppendVariable(script, "SHARES", string.Join('\n', machinefile.Shares.Select(
            (share, index) => $"{ShareTag(index)} {(share.Write ? "rw" : "ro")} {share.GuestPath}")));
        return script.Append(GuestResource.Read("setup.sh")).ToString();
    }

    public static string ShareTag(int index) => $"share{index}";

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

    private static void AppendFile(StringBuilder script, string path, string content) =>
        script.Append("cat > ").Append(path).Append(" <<'").Append(EndOfFile).Append("'\n")
            .Append(content.TrimEnd('\n')).Append('\n').Append(EndOfFile).Append('\n');

    private static void AppendBinary(StringBuilder script, string path, byte[] content) =>
        script.Append("base64 -d > ").Append(path).Append(" <<'").Append(EndOfFile).Append("'\n")
            .Append(Convert.ToBase64String(content, Base64FormattingOptions.InsertLineBreaks).Replace("\r", "", StringComparison.Ordinal)).Append('\n').Append(EndOfFile).Append('\n');

    private static void AppendVariable(StringBuilder script, string name, string value) =>
        script.Append(name).Append('=').Append(Ssh.ShellQuote(value)).Append('\n');
}
