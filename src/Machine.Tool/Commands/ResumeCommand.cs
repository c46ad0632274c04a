using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Operations;

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
        command.SetAction((_, cancel) => Task.FromResult(Run(cancel)));
        return command;
    }

    private static int Run(CancellationToken cancel)
    {
        var project = OpenedProject.Here();
        if (!Suspension.IsThere(project.Folders.State) && project.Client.TryStatus(cancel) is null)
        {
            throw new MachineException($"{project.Project.MachineId} is not suspended", "dotnet machine start", ExitCode.Failed);
        }

        return StartCommand.Start(project, "resume", cancel);
    }
}
