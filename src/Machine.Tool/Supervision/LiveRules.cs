using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machines;

namespace Machine.Tool.Supervision;

/// <summary>
/// What a running machine may reach now: what was approved of its Machinefile, what this user allows for all projects, and what was allowed until it
/// stops. Each is read anew when its file has changed, so that the next connection obeys.
/// </summary>
/// <param name="checked">The project's rules as they were approved for the start.</param>
internal sealed class LiveRules(ProjectMachine folders, MachinePaths paths, NetworkRules @checked)
{
    private readonly Lock gate = new();
    private string? seen;
    private NetworkRules approved = @checked;
    private NetworkRules current = NetworkRules.None;

    public NetworkRules Current()
    {
        lock (gate)
        {
            var stamp = string.Join('\n', new[] { folders.Project.Machinefile, paths.PersonalNetwork, folders.NetworkOnce, paths.Approvals }.Select(Stamp));
            if (stamp != seen)
            {
                approved = OfProject();
                current = approved.With(OfFile(paths.PersonalNetwork)).With(OfFile(folders.NetworkOnce));
                seen = stamp;
            }

            return current;
        }
    }

    // What a new Machinefile no longer allows is over at once; what it adds waits for a yes.
    private NetworkRules OfProject()
    {
        try
        {
            var machinefile = MachinefileReader.Read(folders.Project);
            var asked = machinefile.Network.ToRules();
            var approvals = new ApprovalStore(paths);
            return approvals.IsApproved(folders.Project, approvals.PlanOf(machinefile, folders.Project)) ? asked
                : new NetworkRules([.. approved.Allow.Intersect(asked.Allow)], [.. approved.Deny.Union(asked.Deny)]);
        }
        catch (MachineException)
        {
            // Half written, or with a flaw: the next command says so.
            return approved;
        }
    }

    private static NetworkRules OfFile(string file)
    {
        try
        {
            return JsonState.Read<NetworkSettings>(file)?.ToRules() ?? NetworkRules.None;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException or ArgumentNullException)
        {
            // What can't be read allows nothing. What it denied is denied by nobody else: so everything is.
            return NetworkRules.Nothing;
        }
    }

    // Of what a link leads to, and of the link.
    private static string Stamp(string path)
    {
        var file = new FileInfo(ProjectRoot.RealPath(path));
        return file.Exists ? $"{file.FullName} {file.LastWriteTimeUtc.Ticks} {file.Length}" : Directory.Exists(path) ? $"{Directory.GetLastWriteTimeUtc(path).Ticks}" : "";
    }
}
