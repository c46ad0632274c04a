using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Operations;

/// <summary>Asks once for what a Machinefile takes from the host.</summary>
internal static class PlanApproval
{
    /// <summary>For pipelines: the plan's hash, as the refusal prints it; a changed Machinefile needs a new one.</summary>
    private const string Variable = "MACHINE_APPROVE";

    /// <exception cref="MachineException">Nobody approved, and nobody can be asked.</exception>
    public static void Require(OpenedProject project, IConsent consent)
    {
        var approvals = new ApprovalStore(project.Paths);
        var plan = approvals.PlanOf(project.Machinefile, project.Project);
        if (approvals.IsApproved(project.Project, plan))
        {
            return;
        }

        var shown = $"asks for more than its own project:\n{string.Join('\n', plan.Widening.Select(item => "  " + item.Text))}";
        var known = Environment.GetEnvironmentVariable(Variable);
        var agreed = known == plan.Hash || known == plan.RoomyHash ? true : consent.Ask($"This Machinefile {shown}", "Allow it?");
        if (agreed is null)
        {
            throw new MachineException(
                $"this Machinefile {shown}",
                $"approve it once: dotnet machine start --approve   (in a pipeline: {Variable}={plan.Hash})",
                ExitCode.MachineUnavailable);
        }

        if (agreed == false)
        {
            throw new MachineException("not approved; nothing was started", exitCode: ExitCode.MachineUnavailable);
        }

        approvals.Approve(project.Project, plan);
    }
}
