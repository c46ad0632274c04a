using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Review;

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
        var paths = typed.Select(opened.Shown.FromTyped).ToList();
        using var held = await ConsoleLease.OfChangesAsync(opened, "apply", cancel);
        var before = held is null ? [] : await held.Workspace.ListAsync(cancel);
        if (held is null || before.Count == 0)
        {
            return typed.Length == 0 ? Nothing() : throw new MachineException($"no change waits at {Tainted.Line(typed[0])}: no changes are held");
        }

        var agreed = yes || hashes.Length > 0 || !Terminal.CanAsk
            ? Agreed.Unbound(paths)
            : await Agreed.AskAsync(held.Workspace, before, paths, opened.Shown, cancel);
        if (paths.Count > 0 && agreed.Paths.Count == 0)
        {
            return ExitCode.Failed;
        }

        var report = await held.Workspace.ApplyAsync(
            agreed.Paths, overwrite, cancel, hashes.Length > 0 ? (_, hash) => hashes.Contains(hash, StringComparer.OrdinalIgnoreCase) : agreed.Holds);
        new ChangesView(Console.Error, ask: null, opened.Shown).Applied(report with { Refused = New(report.Refused, before) });
        if (report.Guarded.Count > 0 && paths.Count == 0)
        {
            Say.Aside($"{HumanText.Count(report.Guarded.Count, "guarded file waits", "guarded files wait")} to be named: dotnet machine changes");
        }

        return agreed.Paths.Count < paths.Count || report.Conflicts.Count + report.Held.Count + New(report.Refused, before).Count > 0 ? ExitCode.Failed : ExitCode.Ok;
    }

    private static int Nothing()
    {
        Say.Aside("no changes are held");
        return ExitCode.Ok;
    }

    // What was refused before anybody asked is no failure of this apply.
    private static List<Change> New(IReadOnlyList<Change> refused, IReadOnlyList<Change> before) =>
        [.. refused.Where(change => !before.Any(known => known.Class == ChangeClass.Refused && known.Path == change.Path && known.Reason == change.Reason))];
}
