using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>suspend</c>: freezes the machine with its open work; it then takes no memory and no process.</summary>
internal static class SuspendCommand
{
    public static Command Create()
    {
        var command = new Verb("suspend", "Freeze the project's machine to disk with its open work; the next command brings it back")
        {
            Examples = ["dotnet machine suspend"],
        };
        command.SetAction((_, cancel) => RunAsync(cancel));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancel)
    {
        var project = ProjectRoot.Find(Environment.CurrentDirectory);
        var paths = MachinePaths.FromEnvironment();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var outcome = await SuspendMachine.RunAsync(paths, project, cancel);
        Say.Result($"{project.MachineId} " + outcome switch
        {
            SuspendOutcome.SuspendedAlready => "is suspended already",
            SuspendOutcome.NotRunning => "is not running",
            _ => $"is suspended ({clock.Elapsed.TotalSeconds:0.0} s)",
        });
        return ExitCode.Ok;
    }
}
