using System.Text.Json.Serialization;

namespace Machine.Tool.Workspaces.Review;

/// <summary>What a command brought, and what waits. A change is in one list only; one in conflict is in <see cref="Conflicts"/>.</summary>
/// <param name="Imported">Files written to the host.</param>
/// <param name="Deleted">Files removed from the host.</param>
internal sealed record ChangeReport(
    int Imported,
    long ImportedBytes,
    int Deleted,
    IReadOnlyList<Change> Held,
    IReadOnlyList<Change> Guarded,
    IReadOnlyList<Change> Refused,
    IReadOnlyList<Change> Conflicts)
{
    /// <summary>What was carried out, in this process: it does not go over the supervisor's socket.</summary>
    [JsonIgnore]
    public IReadOnlyList<AppliedChange> Applied { get; init; } = [];

    [JsonIgnore]
    public IEnumerable<Change> All => [.. Held, .. Guarded, .. Conflicts, .. Refused];

    public static ChangeReport Of(IEnumerable<Change> changes, int imported = 0, long bytes = 0, int deleted = 0)
    {
        var waiting = changes.ToLookup(c => c is { Conflict: true, Class: not ChangeClass.Refused });
        var byClass = waiting[false].ToLookup(c => c.Class);
        return new ChangeReport(
            imported,
            bytes,
            deleted,
            [.. byClass[ChangeClass.Held].Concat(byClass[ChangeClass.Output])],
            [.. byClass[ChangeClass.Guarded]],
            [.. Grouped(byClass[ChangeClass.Refused])],
            [.. waiting[true]]);
    }

    // A hundred thousand devices are one fact: one line for a folder and a reason.
    private static IEnumerable<Change> Grouped(IEnumerable<Change> refused) =>
        refused.GroupBy(c => (Folder: ImportLimits.FolderOf(c.Path, int.MaxValue), c.Reason))
            .SelectMany(g => g.Count() <= 5 ? g : Enumerable.Repeat(
                g.First() with { Path = g.Key.Folder + "/", Reason = $"{g.Count()} entries: {g.Key.Reason}", SizeBytes = g.Sum(c => Math.Min(c.SizeBytes, 1L << 40)) }, 1));
}

/// <summary>A change that was carried out. <paramref name="Sha256"/>: of the bytes that were written; null for what has none.</summary>
internal sealed record AppliedChange(Change Change, string? Sha256);
