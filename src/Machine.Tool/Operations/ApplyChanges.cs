using Machine.Tool.Hosting;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Operations;

/// <summary>Which of the held changes are to be applied.</summary>
/// <param name="Paths">Of the project; none means all but guarded ones.</param>
/// <param name="Overwrite">Also where this host's file changed meanwhile.</param>
/// <param name="Hashes">Only changes with one of these, where any is given.</param>
internal sealed record ApplyOrder(IReadOnlyList<string> Paths, bool Overwrite, IReadOnlyList<string> Hashes);

/// <summary>What an apply came to.</summary>
/// <param name="Report">Null where nothing was held, or nobody agreed to any of it.</param>
/// <param name="Whole">Nothing that was asked for is missing on this host.</param>
internal sealed record ApplyOutcome(ChangeReport? Report, bool Whole)
{
    public static ApplyOutcome NothingHeld { get; } = new(null, Whole: true);

    public static ApplyOutcome NotAgreed { get; } = new(null, Whole: false);
}

/// <summary>Brings held changes to this host: guarded ones by their exact name, and as they were looked at.</summary>
internal static class ApplyChanges
{
    /// <param name="workspace">Null where nothing can wait.</param>
    /// <param name="review">Not asked where hashes are given: they say what was looked at.</param>
    /// <exception cref="MachineException">Nothing waits at a path that was named.</exception>
    public static async Task<ApplyOutcome> RunAsync(Workspace? workspace, ApplyOrder order, IReview review, CancellationToken cancel)
    {
        var paths = order.Paths;
        var before = workspace is null ? [] : await workspace.ListAsync(cancel);
        if (workspace is null || before.Count == 0)
        {
            return paths.Count == 0 ? ApplyOutcome.NothingHeld : throw HeldChanges.NothingAt(paths[0]);
        }

        var agreed = review is GivenReview || order.Hashes.Count > 0
            ? Agreed.Unbound(paths)
            : await Agreed.AskAsync(workspace, before, paths, review, cancel);
        if (paths.Count > 0 && agreed.Paths.Count == 0)
        {
            return ApplyOutcome.NotAgreed;
        }

        var report = await workspace.ApplyAsync(
            agreed.Paths, order.Overwrite, cancel, order.Hashes.Count > 0 ? (_, hash) => order.Hashes.Contains(hash, StringComparer.OrdinalIgnoreCase) : agreed.Holds);
        report = report with { Refused = New(report.Refused, before) };
        return new ApplyOutcome(report, agreed.Paths.Count == paths.Count && report.Conflicts.Count + report.Held.Count + report.Refused.Count == 0);
    }

    // What was refused before anybody asked is no failure of this apply.
    private static List<Change> New(IReadOnlyList<Change> refused, IReadOnlyList<Change> before) =>
        [.. refused.Where(change => !before.Any(known => known.Class == ChangeClass.Refused && known.Path == change.Path && known.Reason == change.Reason))];
}
