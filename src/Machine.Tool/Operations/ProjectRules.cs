using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Operations;

/// <summary>A change of the rules in a project's Machinefile that a person asked for: it is carried out, and agreed to by having been asked for.</summary>
internal static class ProjectRules
{
    /// <summary>
    /// All of it from one reading: what changes meanwhile is neither approved nor overwritten. What was agreed to before and lets the machine reach what is
    /// taken from it now is forgotten: no commit brings it back without a question.
    /// </summary>
    /// <param name="edit">The new text of the Machinefile.</param>
    /// <param name="taken">What it may reach no more: an entry of <c>allow</c> that goes, or of <c>deny</c> that comes.</param>
    /// <returns>False where the Machinefile asks besides for what nobody approved: the next start asks.</returns>
    /// <exception cref="MachineException">It changed meanwhile, or can't be written.</exception>
    public static bool Change(OpenedProject project, Func<string, Machinefile, string> edit, Func<Machinefile, IEnumerable<NetworkEntry>> taken)
    {
        var (root, host) = (project.Project, HostFacts.Current());
        var text = MachinefileReader.TextOf(root);
        var before = MachinefileReader.Read(text, root, host);
        var approvals = new ApprovalStore(project.Paths);
        var plan = approvals.PlanOf(before, root, host);
        var wasApproved = approvals.IsApproved(root, plan);
        var edited = edit(text, before);
        if (edited == text)
        {
            return wasApproved;
        }

        var after = approvals.PlanOf(MachinefileReader.Read(edited, root, host), root, host, plan.Sources);
        if (wasApproved && !Others(after).SequenceEqual(Others(plan)))
        {
            throw new MachineException($"{root.Machinefile} changed meanwhile", "look at it, and do it again", ExitCode.Failed);
        }

        // A person who only takes something away is not asked again for the rest.
        var isApproved = wasApproved || approvals.IsApproved(root, after);
        // Forgotten first: what dies in between has the person asked once more.
        Forget(approvals, root, after, [.. taken(before)]);
        MachinefileEdit.Replace(ProjectRoot.RealPath(root.Machinefile), text, edited);
        if (isApproved && after.WidensBoundary)
        {
            // This change is what the person has just asked for, and the rest they had agreed to.
            approvals.Approve(root, after);
        }

        return isApproved;
    }

    private static void Forget(ApprovalStore approvals, ProjectRoot root, MachinePlan after, IReadOnlyList<NetworkEntry> taken)
    {
        if (taken.Count > 0)
        {
            var stays = after.Widening.Select(item => Key(item.Identity)).ToHashSet(StringComparer.Ordinal);
            approvals.Forget(root, identity => AgreedRule.Of(identity) is { } rule && taken.Any(rule.Lets) && !stays.Contains(Key(identity)));
        }
    }

    private static IEnumerable<string> Others(MachinePlan plan) => plan.Widening.Where(item => item.Identity[0] is not (PlanItems.NetworkIdentity or Secret.Kind)).Select(item => Key(item.Identity));

    private static string Key(IReadOnlyList<string> identity) => string.Join('\0', identity);
}
