using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Commands;

/// <summary>Asks once for what a Machinefile takes from the host (design §1, rule 6).</summary>
internal static class Approval
{
    /// <summary>For pipelines: the plan's hash, as the refusal prints it; a changed Machinefile needs a new one.</summary>
    private const string Variable = "MACHINE_APPROVE";

    /// <exception cref="MachineException">Nobody approved, and nobody can be asked.</exception>
    public static void Require(ProjectCommand command, bool assumeYes)
    {
        var plan = MachinePlan.From(command.Machinefile, command.Project);
        var approvals = new ApprovalStore(command.Paths);
        if (approvals.IsApproved(command.Project, plan))
        {
            return;
        }

        var words = string.Join('\n', plan.Widening.Select(item => "  " + item.Text));
        var known = Environment.GetEnvironmentVariable(Variable);
        if (assumeYes || known == plan.Hash || known == plan.RoomyHash)
        {
            approvals.Approve(command.Project, plan);
            return;
        }

        if (!Terminal.CanAsk)
        {
            throw new MachineException(
                $"this Machinefile asks for more than its own project:\n{words}",
                $"approve it once: dotnet machine start --approve   (in a pipeline: {Variable}={plan.Hash})",
                ExitCode.MachineUnavailable);
        }

        Console.Error.WriteLine($"This Machinefile asks for more than its own project:\n{words}");
        if (!Question.Ask("Allow it?"))
        {
            throw new MachineException("not approved; nothing was started", exitCode: ExitCode.MachineUnavailable);
        }

        approvals.Approve(command.Project, plan);
    }
}
