using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;

namespace Machine.Tool.Operations;

/// <summary>How far a rule goes.</summary>
internal enum RuleReach
{
    /// <summary>Everybody who works on the project: it stands in the Machinefile.</summary>
    Project,

    /// <summary>This user's machines, of all projects.</summary>
    Personal,

    /// <summary>This machine, until it stops.</summary>
    Once,
}

/// <summary>One rule as <c>network show</c> prints it.</summary>
/// <param name="InForce">A running machine obeys it; a project's rule waits until it is approved.</param>
internal sealed record NetworkRuleReport(string Rule, bool Allows, RuleReach From, bool Private, bool InForce)
{
    /// <summary>For a person.</summary>
    [JsonIgnore]
    public required string Says { get; init; }
}

/// <summary>What would become of one connection, as <c>network check</c> prints it.</summary>
internal sealed record NetworkCheck(string Server, int Port, bool Allowed, string? Rule, string? Reason, IReadOnlyList<string> Addresses);

/// <summary>What a project's machine may reach, and who changes it: a person on this host, never the guest.</summary>
internal static class MachineNetwork
{
    public static IReadOnlyList<NetworkRuleReport> Show(OpenedProject project)
    {
        var live = Live(project);
        return
        [
            .. Of(project.Machinefile.Network, RuleReach.Project, live),
            .. Of(Personal(project), RuleReach.Personal, live),
            .. IsUp(project) ? Of(Kept(project.Folders.NetworkOnce), RuleReach.Once, live) : [],
        ];
    }

    /// <summary>Judges as the door would, and looks the name up; nothing is sent to the server.</summary>
    /// <param name="server"><c>NAME</c> or <c>NAME:PORT</c>.</param>
    /// <exception cref="MachineException">It is no server's name.</exception>
    public static async Task<NetworkCheck> CheckAsync(OpenedProject project, string server, CancellationToken cancel)
    {
        var (name, port) = server.Split(':') is [var first, var second] ? (first, second) : (server, "443");
        var target = EgressTarget.TryParse(name, port);
        if (target?.Name is null)
        {
            throw new MachineException($"{Tainted.Line(server)} {target?.Flaw ?? "has no port from 1 to 65535"}", "dotnet machine network check api.example.com:443", ExitCode.Usage);
        }

        var verdict = EgressPolicy.Judge(Live(project), target);
        if (!verdict.Allowed)
        {
            return new NetworkCheck(target.Name.Text, target.Port, Allowed: false, verdict.Rule?.Text, verdict.Reason, []);
        }

        try
        {
            var addresses = await Upstream.Real.AddressesAsync(target.Name, verdict.Rule!.Private, cancel);
            return new NetworkCheck(target.Name.Text, target.Port, Allowed: true, verdict.Rule.Text, null, [.. addresses.Select(address => address.ToString())]);
        }
        catch (EgressException e)
        {
            return new NetworkCheck(target.Name.Text, target.Port, Allowed: !e.Denied, verdict.Rule!.Text, e.Message, []);
        }
    }

    /// <summary>Adds a rule; a running machine obeys at its next connection.</summary>
    /// <returns>False where the Machinefile has it, and asks besides for what nobody approved: the next start asks.</returns>
    /// <exception cref="MachineException">It is no rule, or its place can't be written.</exception>
    public static async Task<bool> AddAsync(OpenedProject project, NetworkEntry entry, bool allows, RuleReach reach, CancellationToken cancel)
    {
        if (NameRules.CheckServer(entry.Rule) is { } flaw)
        {
            throw new MachineException(flaw.What, flaw.Remedy, ExitCode.Usage);
        }

        switch (reach)
        {
            case RuleReach.Project:
                return AddToProject(project, entry, allows);
            case RuleReach.Personal:
                MachinePaths.CreatePrivate(project.Paths.Home);
                await KeepAsync(project.Paths.PersonalNetwork, entry, allows, cancel);
                return true;
            default:
                if (!IsUp(project))
                {
                    throw new MachineException($"{project.Project.MachineId} is not running, and --once is until it stops", "dotnet machine start", ExitCode.Failed);
                }

                await KeepAsync(project.Folders.NetworkOnce, entry, allows, cancel);
                return true;
        }
    }

    /// <summary>Whether a rule in force denies a server that this entry is for.</summary>
    public static bool IsDenied(OpenedProject project, NetworkEntry entry) =>
        Live(project).Deny.Any(denied => NetworkSettings.RulesOf(entry).Any(denied.Overlaps));

    /// <summary>The oldest first.</summary>
    public static IEnumerable<EgressEntry> Log(OpenedProject project) => EgressLog.Read(project.Folders.NetworkLog);

    // All of it from one reading: what changes meanwhile is neither approved nor overwritten.
    private static bool AddToProject(OpenedProject project, NetworkEntry entry, bool allows)
    {
        var (root, host) = (project.Project, HostFacts.Current());
        var text = MachinefileReader.TextOf(root);
        var before = MachinefileReader.Read(text, root, host);
        var approvals = new ApprovalStore(project.Paths);
        var plan = approvals.PlanOf(before, root, host);
        var wasApproved = approvals.IsApproved(root, plan);
        if ((allows ? before.Network.Allow : before.Network.Deny).Contains(entry))
        {
            return wasApproved;
        }

        var key = allows ? MachinefileKeys.NetworkAllow.Name : MachinefileKeys.NetworkDeny.Name;
        var edited = MachinefileEdit.AddRule(text, key, entry, root);
        var after = approvals.PlanOf(MachinefileReader.Read(edited, root, host), root, host, plan.Sources);
        if (wasApproved && !Others(after).SequenceEqual(Others(plan)))
        {
            throw new MachineException($"{root.Machinefile} changed meanwhile", "look at it, and do it again", ExitCode.Failed);
        }

        MachinefileEdit.Replace(ProjectRoot.RealPath(root.Machinefile), text, edited);
        if (wasApproved)
        {
            // This rule is what the person has just asked for, and the rest they had agreed to.
            approvals.Approve(root, after);
        }

        return wasApproved;
    }

    private static IEnumerable<string> Others(MachinePlan plan) => plan.Widening.Where(item => item.Identity[0] != PlanItems.NetworkIdentity).Select(item => string.Join('\0', item.Identity));

    private static async Task KeepAsync(string file, NetworkEntry entry, bool allows, CancellationToken cancel)
    {
        // Two commands at once: both rules stay.
        using var held = await FileLock.AcquireAsync(file + ".lock", waiting: null, cancel);
        var kept = Kept(file);
        if (!(allows ? kept.Allow : kept.Deny).Contains(entry))
        {
            JsonState.Write(file, allows ? kept with { Allow = [.. kept.Allow, entry] } : kept with { Deny = [.. kept.Deny, entry] });
        }
    }

    private static bool IsUp(OpenedProject project) => Suspension.IsThere(project.Folders.State) || project.Client.TryStatus(CancellationToken.None) is not null;

    private static NetworkSettings Personal(OpenedProject project) => Kept(project.Paths.PersonalNetwork);

    private static NetworkSettings Kept(string file)
    {
        try
        {
            return JsonState.Read<NetworkSettings>(file) ?? NetworkSettings.None;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{file} can't be read: {e.Message}", "remove it, and allow again what is needed", ExitCode.Failed, e);
        }
    }

    private static NetworkRules Live(OpenedProject project) => new LiveRules(project.Folders, project.Paths, NetworkRules.None).Current();

    private static IEnumerable<NetworkRuleReport> Of(NetworkSettings settings, RuleReach from, NetworkRules live) =>
        settings.Allow.SelectMany(NetworkSettings.RulesOf).Select(rule => new NetworkRuleReport(rule.Text, Allows: true, from, rule.Private, live.Allow.Contains(rule)) { Says = rule.Says })
            .Concat(settings.Deny.SelectMany(NetworkSettings.RulesOf).Select(rule => new NetworkRuleReport(rule.Text, Allows: false, from, rule.Private, live.Deny.Contains(rule)) { Says = rule.Says }));
}
