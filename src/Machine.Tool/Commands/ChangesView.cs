using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Commands;

/// <summary>What is said and asked about changes when a command has ended. Standard error only: a command's output is its own.</summary>
/// <param name="ask">Asks a person; null where there is none.</param>
internal sealed class ChangesView(TextWriter error, Func<string, bool>? ask, ProjectPaths paths)
{
    public static Task AfterCommandAsync(ProjectCommand command, Workspace workspace, ChangeReport report)
    {
        // With its output in a pager or a file, nobody would see the question where they look.
        var person = Terminal.CanAsk && Terminal.OutputIsTerminal;
        return new ChangesView(Console.Error, person ? Question.Ask : null, command.Shown).ShowAsync(
            report,
            command.Machinefile.Workspace.Changes,
            ToldChanges.FileIn(command.Folders.State),
            () => workspace.ApplyAsync([], overwrite: false, CancellationToken.None));
    }

    /// <param name="apply">Applies all that is neither guarded nor in conflict.</param>
    public async Task ShowAsync(ChangeReport report, ChangesMode mode, string toldFile, Func<Task<ChangeReport>> apply)
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
        }

        if (waiting.Count > 0 && isNews)
        {
            now = ask is not null && mode == ChangesMode.Ask
                ? now with { Held = ToldChanges.Digest(await AskAsync(report, apply)) }
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
        Lines(ChangesText.Bounded([.. report.Conflicts, .. report.Held], paths));
        Lines(ChangesText.Bounded(report.Refused, paths));
    }

    private async Task<IEnumerable<Change>> AskAsync(ChangeReport report, Func<Task<ChangeReport>> apply)
    {
        Lines(ChangesText.Bounded(ChangesText.Waiting(report), paths));
        if (report.Guarded.Count > 0)
        {
            Line("  guarded files are applied by their name: dotnet machine apply PATH");
        }

        if (report.Held.Count == 0 || !ask!($"Apply {HumanText.Count(report.Held.Count, "unguarded change")}?"))
        {
            return ChangesText.Waiting(report);
        }

        var applied = await apply();
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
