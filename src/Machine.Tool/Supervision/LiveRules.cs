using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;
using Machine.Tool.Machines;

namespace Machine.Tool.Supervision;

/// <summary>
/// What a running machine may reach now: what was approved of its Machinefile, what this user allows for all projects, and what was allowed until it
/// stops. Each is read anew when its file has changed, so that the next connection obeys.
/// </summary>
/// <param name="checked">The project's rules as they were approved for the start.</param>
/// <param name="checkedSecrets">Its secrets, likewise.</param>
/// <param name="once">Those until the machine stops count. Of a machine that is not up they are over, though their file may still be there.</param>
internal sealed class LiveRules(ProjectMachine folders, MachinePaths paths, NetworkRules @checked, IReadOnlyList<Secret>? checkedSecrets = null, bool once = true)
{
    private readonly Lock gate = new();
    private string? seen;
    private NetworkRules approved = @checked;
    private IReadOnlyList<Secret> secrets = checkedSecrets ?? [];
    private NetworkRules current = NetworkRules.None;

    public NetworkRules Current()
    {
        lock (gate)
        {
            LookAgain();
            return current;
        }
    }

    /// <summary>The project's, as they were approved.</summary>
    public IReadOnlyList<Secret> Secrets()
    {
        lock (gate)
        {
            LookAgain();
            return secrets;
        }
    }

    private void LookAgain()
    {
        var stamp = string.Join('\n', new[] { folders.Project.Machinefile, paths.PersonalNetwork, folders.NetworkOnce, paths.Approvals }.Select(FileStamp.Of));
        if (stamp != seen)
        {
            (approved, secrets) = OfProject();
            current = approved.With(OfFile(paths.PersonalNetwork)).With(once ? OfFile(folders.NetworkOnce) : NetworkRules.None);
            seen = stamp;
        }
    }

    // What a new Machinefile no longer allows is over at once; what it adds waits for a yes.
    private (NetworkRules Rules, IReadOnlyList<Secret> Secrets) OfProject()
    {
        try
        {
            var machinefile = MachinefileReader.Read(folders.Project);
            var asked = machinefile.Network.ToRules();
            var approvals = new ApprovalStore(paths);
            return approvals.IsApproved(folders.Project, approvals.PlanOf(machinefile, folders.Project)) ? (asked, machinefile.Secrets)
                : (approved.NarrowedTo(asked), [.. secrets.IntersectBy(machinefile.Secrets.Select(AgreedTo), AgreedTo)]);
        }
        catch (MachineException)
        {
            // Half written, or with a flaw: the next command says so.
            return (approved, secrets);
        }
    }

    private static string AgreedTo(Secret secret) => string.Join('\0', secret.Identity);

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
}
