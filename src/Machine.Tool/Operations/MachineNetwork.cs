using System.Text.Json;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Doors.Git;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machines;

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
/// <param name="Written">It stands where it is from. One that does not holds in a running machine until the changed Machinefile is approved.</param>
internal sealed record NetworkRuleReport(string Rule, bool Allows, RuleReach From, bool Private, bool InForce, bool Written = true);

/// <summary>A rule that a verb added or removed, as it prints it.</summary>
/// <param name="InForce">False where the Machinefile asks besides for what nobody approved: the next start asks.</param>
internal sealed record NetworkEdit(string Rule, bool Allows, RuleReach From, bool InForce);

/// <summary>What would become of one connection, as <c>network check</c> prints it.</summary>
internal sealed record NetworkCheck(string Server, int Port, bool Allowed, string? Rule, string? Reason, IReadOnlyList<string> Addresses);

/// <summary>What a project's machine may reach, and who changes it: a person on this host, never the guest.</summary>
internal static class MachineNetwork
{
    public static IReadOnlyList<NetworkRuleReport> Show(OpenedProject project)
    {
        var running = LiveNetwork.OfRunning(project);
        var live = running ?? LiveNetwork.Of(project);
        var written = Written(project).SelectMany(kept => Of(kept.Settings, kept.Reach, live)).ToList();
        // What it still obeys of the Machinefile that was approved, though another stands there now.
        var kept = running is null ? []
            : running.Entries(allows: true).Select(rule => Report(rule, allows: true, RuleReach.Project, inForce: true))
                .Concat(running.Entries(allows: false).Select(rule => Report(rule, allows: false, RuleReach.Project, inForce: true)))
                .Where(rule => !written.Any(one => (one.Rule, one.Allows, one.Private) == (rule.Rule, rule.Allows, rule.Private)));
        return [.. written, .. kept.Select(rule => rule with { Written = false })];
    }

    /// <summary>Judges as the door would, and looks the name up; nothing is sent to the server.</summary>
    /// <param name="server"><c>NAME</c> or <c>NAME:PORT</c>.</param>
    /// <exception cref="MachineException">It is no server's name.</exception>
    public static async Task<NetworkCheck> CheckAsync(OpenedProject project, string server, CancellationToken cancel)
    {
        if (GitRule.IsOne(server))
        {
            return CheckGit(project, server);
        }

        var (name, port) = server.Split(':') is [var first, var second] ? (first, second) : (server, "443");
        var target = EgressTarget.TryParse(name, port);
        if (target?.Name is null)
        {
            throw new MachineException($"{Tainted.Line(server)} {target?.Flaw ?? "has no port from 1 to 65535"}", "dotnet machine network check api.example.com:443", ExitCode.Usage);
        }

        var verdict = EgressPolicy.Judge(LiveNetwork.Of(project), target);
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

    private static NetworkCheck CheckGit(OpenedProject project, string text)
    {
        if (GitRule.Parse(text) is not { Rule: { IsExact: true } asked })
        {
            throw new MachineException($"{Tainted.Line(text)} names no repository", "dotnet machine network check git:git.example.com/acme/shop", ExitCode.Usage);
        }

        var verdict = GitPolicy.Judge(LiveNetwork.Of(project), new GitRepository(asked.Name, asked.Port, asked.Path), asked.Push);
        return new NetworkCheck(asked.Name.Text, asked.Port, verdict.Allowed, verdict.Rule, verdict.Reason, []);
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
        LiveNetwork.Of(project) is var live && (live.DeniedServices.Contains(entry.Rule) || live.Deny.Any(denied => NetworkSettings.RulesOf(entry).Any(denied.Overlaps))
            || NetworkSettings.GitRulesOf(entry).Any(rule => live.GitDeny.Any(rule.Overlaps) || live.Deny.Any(rule.IsAt)));

    /// <summary>A rule in force that lets the machine reach a server which this rule is for; null where none does.</summary>
    public static string? Allowing(OpenedProject project, string rule) =>
        LiveNetwork.Of(project).Entries(allows: true).Select(entry => entry.Rule).FirstOrDefault(allowed =>
            GitRule.IsOne(rule) ? GitRule.IsOne(allowed) && GitRule.Parse(rule).Rule is { } repositories && GitRule.Parse(allowed).Rule?.Overlaps(repositories) == true
            : allowed == rule || (NetworkRule.Parse(rule).Rule is { } asked && NetworkRule.Parse(allowed).Rule?.Overlaps(asked) == true));

    /// <summary>What is written of rules, and where; those until the machine stops only while it is up.</summary>
    public static IReadOnlyList<(RuleReach Reach, NetworkSettings Settings)> Written(OpenedProject project) =>
    [
        (RuleReach.Project, project.Machinefile.Network),
        (RuleReach.Personal, Kept(project.Paths.PersonalNetwork)),
        .. IsUp(project) ? new[] { (RuleReach.Once, Kept(project.Folders.NetworkOnce)) } : [],
    ];

    /// <summary>The oldest first.</summary>
    public static IEnumerable<EgressEntry> Log(OpenedProject project) => EgressLog.Read(project.Folders.NetworkLog);

    private static bool AddToProject(OpenedProject project, NetworkEntry entry, bool allows) => ProjectRules.Change(
        project,
        (text, before) => (allows ? before.Network.Allow : before.Network.Deny).Contains(entry) ? text
            : MachinefileEdit.AddRule(text, allows ? MachinefileKeys.NetworkAllow.Name : MachinefileKeys.NetworkDeny.Name, entry, project.Project),
        _ => allows ? [] : [entry]);

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

    /// <summary>It runs, or is suspended.</summary>
    public static bool IsUp(OpenedProject project) => Suspension.IsThere(project.Folders.State) || project.Client.TryStatus(CancellationToken.None) is not null;

    /// <exception cref="MachineException">The file can't be read.</exception>
    public static NetworkSettings Kept(string file)
    {
        try
        {
            return JsonState.Read<NetworkSettings>(file) ?? NetworkSettings.None;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MachineException($"{file} can't be read: {e.Message}", "remove it, and allow again what is needed", ExitCode.Failed, e);
        }
    }

    private static IEnumerable<NetworkRuleReport> Of(NetworkSettings settings, RuleReach from, NetworkRules live)
    {
        var (written, allowed, denied) = (settings.ToRules(), live.Entries(allows: true).ToHashSet(), live.Entries(allows: false).ToHashSet());
        return written.Entries(allows: true).Select(rule => Report(rule, allows: true, from, allowed.Contains(rule)))
            .Concat(written.Entries(allows: false).Select(rule => Report(rule, allows: false, from, denied.Contains(rule))));
    }

    private static NetworkRuleReport Report(NetworkEntry rule, bool allows, RuleReach from, bool inForce) => new(rule.Rule, allows, from, rule.Private, inForce);
}
