using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>plan</c>: what the Machinefile asks of this host, and whether a person agreed.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Verb("plan", "Show what the Machinefile asks of this host, and whether it was approved")
        {
            Examples = ["dotnet machine plan", "dotnet machine plan --json"],
        };
        command.Add(json);
        command.SetAction(parsed => Show(parsed.GetValue(json)));
        return command;
    }

    private static int Show(bool json)
    {
        var opened = OpenedProject.Here();
        var approvals = new ApprovalStore(opened.Paths);
        var plan = approvals.PlanOf(opened.Machinefile, opened.Project);
        var approved = approvals.IsApproved(opened.Project, plan);
        if (json)
        {
            Say.Json(new PlanJson(opened.Project.Path, plan.Hash, plan.WidensBoundary, approved, [.. plan.Items.Select(item => new PlanItemJson(item.Text, item.Widens))]));
            return ExitCode.Ok;
        }

        foreach (var item in plan.Items)
        {
            Say.Result($"{(item.Widens ? "!" : " ")} {item.Text}");
        }

        Say.Aside(
            !plan.WidensBoundary ? "it asks for nothing beyond its own project"
            : approved ? "what is marked ! is approved"
            : "what is marked ! is not approved yet: dotnet machine start asks, dotnet machine start --approve agrees");
        return ExitCode.Ok;
    }
}

/// <summary>A plan as <c>plan --json</c> prints it.</summary>
/// <param name="Hash">What <c>MACHINE_APPROVE</c> takes.</param>
internal sealed record PlanJson(string Project, string Hash, bool Widens, bool Approved, IReadOnlyList<PlanItemJson> Items);

internal sealed record PlanItemJson(string Text, bool Widens);
