using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Review;

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
        using var held = await ConsoleLease.OfChangesAsync(opened, "discard", cancel);
        if (held is null)
        {
            return all ? Forgotten([]) : throw new MachineException($"no change waits at {Tainted.Line(typed[0])}: no changes are held");
        }

        if (all && !yes && Terminal.CanAsk)
        {
            var waiting = await held.Workspace.ListAsync(cancel);
            if (waiting.Count > 0 && !Question.Ask($"Forget {HumanText.Count(waiting.Count, "change")}? They are nowhere else."))
            {
                return ExitCode.Failed;
            }
        }

        return Forgotten(await held.Workspace.DiscardAsync(paths, cancel));
    }

    private static int Forgotten(IReadOnlyList<Change> gone)
    {
        Say.Aside(gone.Count == 0 ? "no changes are held" : $"{HumanText.Count(gone.Count, "change")} forgotten");
        return ExitCode.Ok;
    }
}
