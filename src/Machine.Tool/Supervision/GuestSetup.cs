using System.Text;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces.Lower;

namespace Machine.Tool.Supervision;

/// <summary>
/// The one script that turns a booted or thawed machine into this project's machine: clock, user, volumes, workspace, feed.
/// It travels with its programs over the first ssh session, so an image depends on none of them.
/// </summary>
internal static class GuestSetup
{
    private const string EndOfProgram = "MACHINE_END_OF_PROGRAM";

    /// <param name="withFiles">True writes this tool's programs; false ends with <see cref="GuestFiles.Missing"/> where they are absent.</param>
    public static string Script(
        bool withFiles, ProjectRoot project, Machinefile machinefile, HostUser user, IReadOnlyCollection<string> freshVolumes, DateTimeOffset now, ILowerTree lower) =>
        $"{(withFiles ? GuestFiles.Script : GuestFiles.Check)}{GuestUser.Script(user)}exec perl - <<'{EndOfProgram}'\n{Work(project, machinefile, user, freshVolumes, now, lower)}{EndOfProgram}\n";

    /// <summary>The part that only a machine's own start can do, as a program: volumes, workspace, shares. Safe to run twice, at once too.</summary>
    public static string Work(
        ProjectRoot project, Machinefile machinefile, HostUser user, IReadOnlyCollection<string> freshVolumes, DateTimeOffset now, ILowerTree lower)
    {
        var values = new StringBuilder("my %machine = (\n");
        void Add(string name, string value) => values.Append($"    {name} => {value},\n");
        Add("now", now.ToUnixTimeSeconds().ToString());
        Add("user", user.UserId.ToString());
        Add("group", user.GroupId.ToString());
        Add("project", Quote(project.Path));
        Add("dotnet", Quote(GuestLayout.DotnetRoot));
        Add("inside", List([$"{InsideVariables.Inside}={InsideVariables.InsideValue}", $"{InsideVariables.Switch}={InsideVariables.SwitchValue}"], Quote));
        Add("volumes", List(VolumeStore.AllOf(machinefile), volume =>
            $"[{Quote(VolumeStore.Serial(volume.Key))}, {Flag(freshVolumes.Contains(volume.Key))}, {Quote(volume.Value.GuestPath)}]"));
        Add("shares", List(machinefile.Shares.Index(), share => $"[{Quote(GuestLayout.ShareTag(share.Index))}, {Flag(share.Item.Write)}, {Quote(share.Item.GuestPath)}]"));
        return $"{values});\n{GuestResource.Read("setup.pl")}{lower.SetupText}";
    }

    private static string Flag(bool value) => value ? "1" : "0";

    private static string List<T>(IEnumerable<T> items, Func<T, string> write) => $"[{string.Join(", ", items.Select(write))}]";

    /// <summary>A word for perl, whatever it holds.</summary>
    private static string Quote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";
}
