using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Operations;

/// <summary>Takes a rule out of where a person put it: the machine may reach what others allow, and no more is denied than others deny.</summary>
internal static class RuleRemoval
{
    /// <summary>A running machine obeys at its next connection.</summary>
    /// <param name="rule">As it is written there, or another spelling of the same.</param>
    /// <returns>What was removed, of <c>allow</c> before <c>deny</c>.</returns>
    /// <exception cref="MachineException">No such rule is there, or its place can't be written.</exception>
    public static async Task<IReadOnlyList<NetworkEdit>> RemoveAsync(OpenedProject project, string rule, RuleReach reach, CancellationToken cancel)
    {
        if (reach == RuleReach.Project)
        {
            return FromProject(project, rule);
        }

        var file = reach == RuleReach.Personal ? project.Paths.PersonalNetwork : project.Folders.NetworkOnce;
        if (!File.Exists(file))
        {
            throw NotThere(project, rule, reach);
        }

        using var held = await FileLock.AcquireAsync(file + ".lock", waiting: null, cancel);
        var kept = MachineNetwork.Kept(file);
        var gone = Gone(kept, rule, reach, inForce: true);
        if (gone.Count == 0)
        {
            throw NotThere(project, rule, reach);
        }

        JsonState.Write(file, kept with { Allow = [.. kept.Allow.Where(entry => !IsSame(entry, rule))], Deny = [.. kept.Deny.Where(entry => !IsSame(entry, rule))] });
        return gone;
    }

    private static List<NetworkEdit> FromProject(OpenedProject project, string rule)
    {
        var gone = NetworkSettings.None;
        var inForce = ProjectRules.Change(
            project,
            (text, before) =>
            {
                gone = new NetworkSettings([.. before.Network.Allow.Where(entry => IsSame(entry, rule))], [.. before.Network.Deny.Where(entry => IsSame(entry, rule))]);
                foreach (var key in new[] { MachinefileKeys.NetworkAllow.Name, MachinefileKeys.NetworkDeny.Name })
                {
                    text = MachinefileCut.RemoveRules(text, key, entry => IsSame(entry, rule), project.Project);
                }

                return text;
            },
            _ => gone.Allow);
        return gone.Allow.Count + gone.Deny.Count > 0 ? Gone(gone, rule, RuleReach.Project, inForce) : throw NotThere(project, rule, RuleReach.Project);
    }

    private static List<NetworkEdit> Gone(NetworkSettings settings, string rule, RuleReach reach, bool inForce) =>
    [
        .. settings.Allow.Where(entry => IsSame(entry, rule)).Take(1).Select(entry => new NetworkEdit(entry.Rule, Allows: true, reach, inForce)),
        .. settings.Deny.Where(entry => IsSame(entry, rule)).Take(1).Select(entry => new NetworkEdit(entry.Rule, Allows: false, reach, inForce)),
    ];

    private static bool IsSame(NetworkEntry entry, string rule) =>
        entry.Rule == rule
        || (GitRule.IsOne(rule) ? GitRule.IsOne(entry.Rule) && GitRule.Parse(rule).Rule is { } repositories && GitRule.Parse(entry.Rule).Rule == repositories
            : NetworkRule.Parse(rule).Rule is { } asked && NetworkRule.Parse(entry.Rule).Rule == asked);

    private static MachineException NotThere(OpenedProject project, string rule, RuleReach reach)
    {
        var elsewhere = MachineNetwork.Written(project).Where(kept => kept.Reach != reach && kept.Settings.Allow.Concat(kept.Settings.Deny).Any(entry => IsSame(entry, rule))).Select(kept => kept.Reach).ToList();
        var preset = NetworkRule.Parse(rule).Rule is { } one
            ? MachineNetwork.Written(project).Where(kept => kept.Reach == reach).SelectMany(kept => kept.Settings.Allow.Concat(kept.Settings.Deny))
                .FirstOrDefault(entry => NetworkPresets.Find(entry.Rule) is not null && NetworkSettings.RulesOf(entry).Any(part => part with { Private = false } == one))
            : null;
        return new MachineException(
            $"{Printable.Quote(rule)} is no rule {reach switch
            {
                RuleReach.Project => $"of {project.Project.Machinefile}",
                RuleReach.Personal => "of your own",
                _ => "that holds until the machine stops",
            }}",
            preset is not null ? $"it comes with the preset {preset.Rule}: dotnet machine network remove {preset.Rule}, or network deny {rule}"
            : elsewhere.Contains(RuleReach.Project) ? $"the Machinefile has it: dotnet machine network remove {rule}"
            : elsewhere.Contains(RuleReach.Personal) ? $"one of your own is: dotnet machine network remove {rule} --personal"
            : elsewhere.Contains(RuleReach.Once) ? $"one until the machine stops is: dotnet machine network remove {rule} --once"
            : "dotnet machine network show",
            ExitCode.Failed);
    }
}
