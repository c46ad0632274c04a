using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;
using Machine.Tool.Operations;
using Machine.Tool.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Commands;

/// <summary><c>image warm</c>: makes the warm template that this project's machine thaws from.</summary>
internal static class WarmCommand
{
    public static Command Create()
    {
        var command = new Verb("warm", "Boot this project's image once, heat its build servers and freeze it, so that machines start in seconds")
        {
            Examples = ["dotnet machine image warm"],
        };
        command.SetAction((_, cancel) => RunAsync(cancel));
        return command;
    }

    private static async Task<int> RunAsync(CancellationToken cancel)
    {
        var opened = OpenedProject.Here();
        PlanApproval.Require(opened, ConsoleConsent.Of());
        opened.Folders.Create();
        WarmTemplate template;
        await using (var progress = ProgressView.Create())
        {
            template = await new ProjectTemplate(opened.Paths, EngineCatalog.Default(opened.Paths), NullLoggerFactory.Instance)
                .EnsureAsync(opened.Folders, opened.Machinefile, progress, cancel);
        }

        Say.Result($"{template.Key[..12]}  {HumanText.Size(template.SizeBytes)}");
        return ExitCode.Ok;
    }
}
