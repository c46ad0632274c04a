using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>resume</c>: brings a suspended machine back, as any command would.</summary>
internal static class ResumeCommand
{
    public static Command Create()
    {
        var command = new Verb("resume", "Bring the suspended machine back; every command does it too")
        {
            Examples = ["dotnet machine resume"],
        };
        command.SetAction((_, cancel) => RunAsync(cancel));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancel)
    {
        var command = ProjectCommand.Here();
        var suspended = Suspension.IsThere(command.Folders.State);
        var client = SupervisorClient.For(command.Paths, command.Project);
        if (!suspended && client.TryStatus(cancel) is null)
        {
            throw new MachineException($"{command.Project.MachineId} is not suspended", "dotnet machine start", ExitCode.Failed);
        }

        return await StartCommand.StartAsync(command, client, "resume", cancel);
    }
}
