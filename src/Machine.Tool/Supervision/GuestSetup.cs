using System.Text;
using Machine.Tool.Guest;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Supervision;

/// <summary>
/// The one script that turns a booted machine into this project's machine: clock, user, volumes, workspace, feed.
/// It travels with its programs over the first ssh session, so an image depends on none of them.
/// </summary>
internal static class GuestSetup
{
    public static string Script(ProjectRoot project, Machinefile machinefile, HostUser user, IReadOnlyCollection<string> freshVolumes, DateTimeOffset now)
    {
        var script = new StringBuilder(GuestFiles.Script());
        AppendVariable(script, "NOW", now.ToUnixTimeSeconds().ToString());
        script.Append(GuestUser.Script(user));
        AppendVariable(script, "PROJECT", project.Path);
        AppendVariable(script, "VOLUMES", string.Join('\n', VolumeStore.AllOf(machinefile).Select(
            volume => $"{VolumeStore.Serial(volume.Key)} {(freshVolumes.Contains(volume.Key) ? "yes" : "no")} {volume.Value.GuestPath}")));
        AppendVariable(script, "SHARES", string.Join('\n', machinefile.Shares.Select(
            (share, index) => $"{ShareTag(index)} {(share.Write ? "rw" : "ro")} {share.GuestPath}")));
        return script.Append(GuestResource.Read("setup.sh")).ToString();
    }

    public static string ShareTag(int index) => $"share{index}";

    private static void AppendVariable(StringBuilder script, string name, string value) =>
        script.Append(name).Append('=').Append(Ssh.ShellQuote(value)).Append('\n');
}
