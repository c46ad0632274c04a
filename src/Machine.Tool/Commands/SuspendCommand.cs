using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

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
        var client = SupervisorClient.For(paths, project);
        if (client.TryStatus(cancel) is null)
        {
            if (Suspension.IsThere(paths.MachineFolder(project.MachineId)))
            {
                Say.Result($"{project.MachineId} is suspended already");
                return ExitCode.Ok;
            }

            if (new MachineFolders(paths, project.MachineId).HasLeftovers)
            {
                throw new MachineException($"{project.MachineId} has lost its supervisor, and may be running", "dotnet machine start, and then dotnet machine suspend", ExitCode.MachineUnavailable);
            }

            Say.Result($"{project.MachineId} is not running");
            return ExitCode.Ok;
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        if (await client.SuspendAsync(cancel) is { } reason)
        {
            throw new MachineException($"{project.MachineId} cannot be suspended now: {Tainted.Line(reason)}", "dotnet machine status   shows what runs in it", ExitCode.Failed);
        }

        Say.Result($"{project.MachineId} is suspended ({clock.Elapsed.TotalSeconds:0.0} s)");
        return ExitCode.Ok;
    }
}
