using Machine.Tool.Control;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Supervision;

namespace Machine.Tool.Operations;

/// <summary>The rules that are in force: as the supervisor of a running machine has them, else as a machine that starts now would.</summary>
internal static class LiveNetwork
{
    public static NetworkRules Of(OpenedProject project) => OfRunning(project) ?? new LiveRules(project.Folders, project.Paths, NetworkRules.None, once: MachineNetwork.IsUp(project)).Current();

    /// <returns>Null where no machine runs, or its supervisor is of a version that does not tell.</returns>
    public static NetworkRules? OfRunning(OpenedProject project) => project.Client.TryNetwork(CancellationToken.None) is { } answer ? Of(answer) : null;

    /// <summary>A rule that this version can't read is left out: it is another version's.</summary>
    internal static NetworkRules Of(NetworkAnswer answer) => new NetworkSettings(Rules(answer, allows: true), Rules(answer, allows: false)).ToRules() with { DeniesAll = answer.DeniesAll };

    private static List<NetworkEntry> Rules(NetworkAnswer answer, bool allows) =>
        [.. answer.Rules.Where(rule => rule.Allows == allows && NameRules.CheckServer(rule.Rule) is null).Select(rule => new NetworkEntry(rule.Rule, rule.Private))];
}
