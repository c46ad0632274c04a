using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>start</c>: brings the machine up, if it is not; says how long it took.</summary>
internal static class StartCommand
{
    public static Command Create()
    {
        var approve = new Option<bool>("--approve") { Description = "Allow what the Machinefile asks of this host, without a question" };
        var fresh = new Option<bool>("--fresh") { Description = "Destroy the machine first, as destroy does: nothing that ran here before is inherited" };
        var keep = new Option<bool>("--keep") { Description = "The project was moved back or made anew and is the same: keep its machine's disks and held changes" };
        var yes = CommonOptions.Yes("with --fresh, volumes and held changes are lost");
        var command = new Verb("start", "Start the project's machine")
        {
            Examples = ["dotnet machine start", "dotnet machine start --approve", "dotnet machine start --fresh"],
        };
        command.Add(approve);
        command.Add(fresh);
        command.Add(keep);
        command.Add(yes);
        command.Validators.Add(result =>
        {
            if (result.GetValue(fresh) && result.GetValue(keep))
            {
                result.AddError("--fresh deletes what --keep keeps: give one of them");
            }
        });
        command.Aliases.Add("up");
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(approve), parsed.GetValue(fresh), parsed.GetValue(keep), parsed.GetValue(yes), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool approve, bool fresh, bool keep, bool yes, CancellationToken cancel)
    {
        var project = OpenedProject.Here();
        var inheritance = fresh ? Inheritance.None : keep ? Inheritance.Kept : Inheritance.Checked;
        await StartMachine.PrepareAsync(project, inheritance, approve, ConsoleConsent.Of(yes), Say.Aside, cancel);
        return Start(project, "start", cancel);
    }

    internal static int Start(OpenedProject project, string display, CancellationToken cancel)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var lease = ConsoleLease.Of(project, display, cancel);
        Say.Result($"{project.Project.MachineId} is running ({lease.Lease.Accelerator}, {clock.Elapsed.TotalSeconds:0.0} s)");
        return ExitCode.Ok;
    }
}
