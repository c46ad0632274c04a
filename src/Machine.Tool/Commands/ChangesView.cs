using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Review;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Commands;

/// <summary>What is said and asked about changes when a command has ended. Standard error only: a command's output is its own.</summary>
/// <param name="ask">Asks a person; null where there is none.</param>
internal sealed class ChangesView(TextWriter error, Func<string, bool>? ask, ProjectPaths paths)
{
    public static Task AfterCommandAsync(BroughtBack brought)
    {
        // With its output in a pager or a file, nobody would see the question where they look.
        var person = Terminal.CanAsk && Terminal.OutputIsTerminal;
        return new ChangesView(Console.Error, person ? Question.Ask : null, brought.Project.Shown).ShowAsync(
            brought.Report,
            brought.Project.Machinefile.Workspace.Changes,
            ToldChanges.FileIn(brought.Project.Folders.State),
            held => brought.Workspace.BindAsync(held, mayBeGuarded: false, CancellationToken.None),
            shown => brought.Workspace.ApplyShownAsync(shown, overwrite: false, CancellationToken.None));
    }

    /// <param name="bind">Finds of these changes what they are now: a yes is to that.</param>
    /// <param name="apply">Applies these and nothing else.</param>
    public async Task ShowAsync(
        ChangeReport report, ChangesMode mode, string toldFile, Func<IReadOnlyList<Change>, Task<IReadOnlyList<ShownChange>>> bind, Func<IReadOnlyList<ShownChange>, Task<ChangeReport>> apply)
    {
        var told = ToldChanges.Read(toldFile);
        var waiting = ChangesText.Waiting(report);
        var now = told with { Held = ToldChanges.Digest(waiting), Refused = ToldChanges.Digest(report.Refused) };
        if (now.Refused != told.Refused)
        {
            Lines(ChangesText.Bounded(report.Refused, paths));
        }

        var isNews = now.Held != told.Held;
        if (waiting.Count > 0 && (isNews || ask is not null))
        {
            Line($"machine: {ChangesText.Summary(report)}: dotnet machine changes");
            if (isNews && ChangesText.OwnOutputs(waiting, paths) is { } own)
            {
                Line("  " + own);
            }
        }

        if (waiting.Count > 0 && isNews)
        {
            now = ask is not null && mode == ChangesMode.Ask
                ? now with { Held = ToldChanges.Digest(await AskAsync(report, bind, apply)) }
                : Conflicts(now, report);
        }

        now.SaveOver(told, toldFile);
    }

    /// <summary>What an apply did and what it could not.</summary>
    public void Applied(ChangeReport report)
    {
        string[] done =
        [
            .. report.Imported > 0 ? [HumanText.Count(report.Imported, "file") + " applied"] : Array.Empty<string>(),
            .. report.Deleted > 0 ? [HumanText.Count(report.Deleted, "file") + " deleted"] : Array.Empty<string>(),
        ];
        Line($"machine: {(done.Length > 0 ? string.Join(", ", done) : "nothing applied")}");
        Lines(ChangesText.Bounded(report.Applied, paths));
        Lines(ChangesText.Bounded([.. report.Conflicts, .. report.Held], paths));
        Lines(ChangesText.Bounded(report.Refused, paths));
    }

    private async Task<IEnumerable<Change>> AskAsync(
        ChangeReport report, Func<IReadOnlyList<Change>, Task<IReadOnlyList<ShownChange>>> bind, Func<IReadOnlyList<ShownChange>, Task<ChangeReport>> apply)
    {
        // What is listed is what a yes applies: each as it is now, and no other.
        var shown = report.Held.Count == 0 ? [] : await bind(report.Held);
        Lines(ChangesText.Bounded([.. shown.Select(s => s.Change), .. report.Guarded, .. report.Conflicts], paths));
        if (report.Guarded.Count > 0)
        {
            Line("  guarded files are applied by their name: dotnet machine apply PATH");
        }

        if (shown.Count == 0 || !ask!($"Apply {HumanText.Count(shown.Count, "unguarded change")}?"))
        {
            return ChangesText.Waiting(report);
        }

        var applied = await apply(shown);
        Applied(applied);
        return [.. report.Guarded, .. report.Conflicts, .. applied.Held];
    }

    private ToldChanges Conflicts(ToldChanges now, ChangeReport report)
    {
        Lines(ChangesText.Bounded(report.Conflicts, paths));
        return now;
    }

    private void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Line("  " + line);
        }
    }

    private void Line(string text) => error.WriteLine(text);
}
