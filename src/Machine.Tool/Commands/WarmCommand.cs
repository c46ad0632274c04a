using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

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
        var template = await ProgressView.ShownAsync(progress => ProjectImages.WarmAsync(OpenedProject.Here(), ConsoleConsent.Of(), progress, cancel));
        Say.Result($"{template.ShortName}  {HumanText.Size(template.SizeBytes)}");
        return ExitCode.Ok;
    }
}
