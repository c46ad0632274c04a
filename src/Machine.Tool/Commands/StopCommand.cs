using System.CommandLine;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary><c>stop</c>: the root disk is forgotten; volumes and held changes stay.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        var command = new Command("stop", "Stop the project's machine; volumes and held changes stay");
        command.SetAction((_, cancel) => RunAsync(cancel));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancel)
    {
        var project = ProjectRoot.Find(Environment.CurrentDirectory);
        using var client = SupervisorClient.For(MachinePaths.FromEnvironment(), project);
        Console.Out.WriteLine(await client.StopAsync(cancel) ? $"{project.MachineId} is stopped" : $"{project.MachineId} was not running");
        return ExitCode.Ok;
    }
}
