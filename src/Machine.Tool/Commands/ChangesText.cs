using Machine.Tool.Hosting;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Commands;

/// <summary>Changes in words. Every name passes <see cref="ProjectPaths.Shown"/>, every reason <see cref="Tainted"/>.</summary>
internal static class ChangesText
{
    /// <summary>More lines than this tell a person nothing.</summary>
    public const int MostLines = 20;

    /// <summary><c>3 changes held (2 modified, 1 added), 1 of them guarded</c>.</summary>
    public static string Summary(ChangeReport report)
    {
        var waiting = Waiting(report);
        var kinds = waiting.GroupBy(change => change.Kind).OrderBy(group => group.Key is ChangeKind.Modified ? 0 : 1).ThenBy(group => group.Key)
            .Select(group => $"{group.Count()} {Word(group.Key)}");
        var guarded = waiting.Count(change => change.Class == ChangeClass.Guarded);
        return $"{HumanText.Count(waiting.Count, "change")} held ({string.Join(", ", kinds)})"
            + (guarded > 0 ? $", {guarded} of them guarded" : "")
            + (report.Conflicts.Count > 0 ? $", {report.Conflicts.Count} in conflict" : "");
    }

    public static IReadOnlyList<Change> Waiting(ChangeReport report) => [.. report.Held, .. report.Guarded, .. report.Conflicts];

    /// <summary><c>M src/a.cs (guarded: tools on the host execute it)</c>.</summary>
    public static string Line(Change change, ProjectPaths paths) => $"{Letter(change)} {paths.Shown(change)}{Remark(change)}";

    public static IEnumerable<string> Bounded(IReadOnlyList<Change> changes, ProjectPaths paths) =>
        changes.Take(MostLines).Select(change => Line(change, paths))
            .Concat(changes.Count > MostLines ? [$"… and {changes.Count - MostLines} more: dotnet machine changes"] : []);

    /// <summary>What was applied, each with the hash of the bytes that were written.</summary>
    public static IEnumerable<string> Bounded(IReadOnlyList<AppliedChange> applied, ProjectPaths paths) =>
        applied.Take(MostLines).Select(one => $"{Letter(one.Change)} {paths.Shown(one.Change)}{(one.Sha256 is null ? "" : $" sha256 {one.Sha256}")}")
            .Concat(applied.Count > MostLines ? [$"… and {applied.Count - MostLines} more"] : []);

    /// <summary>Why a build's outputs did not come where this host built before, and what to do; null where none is among these.</summary>
    public static string? OwnOutputs(IReadOnlyList<Change> changes, ProjectPaths paths)
    {
        var own = changes.Where(change => change.Reason == ImportPolicy.HostsOwn).ToList();
        if (own.Count == 0)
        {
            return null;
        }

        var common = own[0].Path.Split('/')[..^1].AsEnumerable();
        foreach (var change in own)
        {
            common = common.Zip(change.Path.Split('/')[..^1]).TakeWhile(pair => pair.First == pair.Second).Select(pair => pair.First).ToList();
        }

        var folder = paths.Shown(own[0] with { Path = common.Any() ? string.Join('/', common) : "." });
        return $"{HumanText.Count(own.Count, "output")} would replace files of this host's own under {folder}: delete the folders that this host built once, or dotnet machine apply {folder}";
    }

    public static string Word(ChangeKind kind) => kind switch
    {
        ChangeKind.Added => "added",
        ChangeKind.Modified => "modified",
        _ => "deleted",
    };

    private static string Letter(Change change) => change.Class == ChangeClass.Refused ? "!" : change.Kind switch
    {
        ChangeKind.Added => "A",
        ChangeKind.Modified => "M",
        _ => "D",
    };

    private static string Remark(Change change)
    {
        var reason = change.Reason is { } text ? ": " + Tainted.Line(text) : "";
        return change switch
        {
            { Class: ChangeClass.Refused } => $" refused{reason}",
            { Conflict: true } => $" (conflict: this host's file changed too{(change.Class == ChangeClass.Guarded ? "; guarded" + reason : "")})",
            { Class: ChangeClass.Guarded } => $" (guarded{reason})",
            _ => reason.Length > 0 ? $" ({reason[2..]})" : "",
        };
    }
}
