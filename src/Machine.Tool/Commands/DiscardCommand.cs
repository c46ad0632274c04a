using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>discard</c>: forgets changes inside, so that the host's files show through again.</summary>
internal static class DiscardCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all") { Description = "Everything that is held" };
        var yes = CommonOptions.Yes("everything is forgotten at once");
        var paths = new Argument<string[]>("PATH") { Description = "Files, folders or globs", Arity = ArgumentArity.ZeroOrMore };
        var command = new Verb("discard", "Forget held changes: the machine sees this host's files again")
        {
            Examples = ["dotnet machine discard src/Generated.cs", "dotnet machine discard --all"],
        };
        command.Add(paths);
        command.Add(all);
        command.Add(yes);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(paths) ?? [], parsed.GetValue(all), parsed.GetValue(yes), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string[] typed, bool all, bool yes, CancellationToken cancel)
    {
        if (all == (typed.Length > 0))
        {
            throw new MachineException("discard: name what to forget, or say --all", "dotnet machine changes   lists what is held", ExitCode.Usage);
        }

        var opened = OpenedProject.Here();
        var paths = typed.Select(opened.Shown.FromTyped).ToList();
        using var held = ConsoleLease.OfChanges(opened, "discard", cancel);
        // Where nobody can be asked --all is meant as it stands.
        if (await DiscardChanges.RunAsync(held?.Workspace, paths, ConsoleConsent.Of(yes || !Terminal.CanAsk), cancel) is not { } gone)
        {
            return ExitCode.Failed;
        }

        Say.Aside(gone.Count == 0 ? "no changes are held" : $"{HumanText.Count(gone.Count, "change")} forgotten");
        return ExitCode.Ok;
    }
}
