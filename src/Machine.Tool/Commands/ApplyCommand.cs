using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>apply</c>: brings held changes to the host. Guarded files only by their exact name, shown first to whoever can look.</summary>
internal static class ApplyCommand
{
    public static Command Create()
    {
        var overwrite = new Option<bool>("--overwrite") { Description = "Also where this host's file changed meanwhile: it is replaced" };
        var yes = CommonOptions.Yes("a guarded file that is named is applied without showing it");
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files, folders or globs; nothing means all but guarded files, which are applied by their exact name",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Verb("apply", "Bring held changes to this host")
        {
            Examples = ["dotnet machine apply", "dotnet machine apply src", "dotnet machine apply src/App/App.csproj"],
        };
        var hashes = new Option<string[]>("--hash") { Description = "Only changes with one of these hashes, as `changes --diff --json` names them: what was looked at and nothing else" };
        command.Add(paths);
        command.Add(overwrite);
        command.Add(yes);
        command.Add(hashes);
        command.SetAction((parsed, cancel) =>
            RunAsync(parsed.GetValue(paths) ?? [], parsed.GetValue(overwrite), parsed.GetValue(yes), parsed.GetValue(hashes) ?? [], cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] typed, bool overwrite, bool yes, string[] hashes, CancellationToken cancel)
    {
        var opened = OpenedProject.Here();
        var order = new ApplyOrder([.. typed.Select(opened.Shown.FromTyped)], overwrite, hashes);
        using var held = ConsoleLease.OfChanges(opened, "apply", cancel);
        var outcome = await ApplyChanges.RunAsync(held?.Workspace, order, yes || !Terminal.CanAsk ? GivenReview.Instance : new ConsoleReview(opened.Shown), cancel);
        if (outcome.Report is { } report)
        {
            new ChangesView(Console.Error, ask: null, opened.Shown).Applied(report);
            if (report.Guarded.Count > 0 && order.Paths.Count == 0)
            {
                Say.Aside($"{HumanText.Count(report.Guarded.Count, "guarded file waits", "guarded files wait")} to be named: dotnet machine changes");
            }
        }
        else if (outcome == ApplyOutcome.NothingHeld)
        {
            Say.Aside("no changes are held");
        }

        return outcome.Whole ? ExitCode.Ok : ExitCode.Failed;
    }
}
