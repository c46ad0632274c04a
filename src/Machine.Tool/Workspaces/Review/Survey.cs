using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>A change with what is needed to carry it out.</summary>
/// <param name="Named">Null where the guest's name is no path of the project: that one is refused.</param>
/// <param name="InOutputs">Once brought, the file is the machine's own.</param>
/// <param name="Files">Of a folder that the guest deleted: what the host has in it, as the survey saw it.</param>
internal sealed record Finding(
    Change Change, ProjectPath? Named, GuestEntry Entry, HostStat Host, bool InOutputs = false, List<(ProjectPath Path, HostStat Stat)>? Files = null)
{
    public ProjectPath Path => Named ?? throw new InvalidOperationException($"what was refused is carried out: {Tainted.Line(Change.Path)}");
}

/// <summary>
/// Holds a guest's list against the host's tree, the policy and the ledger: what is a change, of which class, and whether
/// the host's side changed too.
/// </summary>
internal sealed class Survey(HostTree tree, ImportPolicy policy, ChangeLedger ledger, IReadOnlyCollection<string> skipped, FileClock clock)
{
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(2);
    private readonly Dictionary<ProjectPath, GuestEntry> seen = [];
    private readonly HashSet<ProjectPath> whiteouts = [];
    private readonly HashSet<string> leftOut = [.. GuardedFiles.NeverListed, .. skipped];
    private long startNs;
    private long lastListedNs;
    private long guestClockOffsetNs;

    public List<Finding> Findings { get; } = [];

    /// <summary>Whiteouts of what the host has no more: they would hide what it makes there later.</summary>
    public List<byte[]> Stale { get; } = [];

    public async Task ExamineAsync(GuestListing listing, DateTimeOffset start, CancellationToken cancel)
    {
        var now = await clock.NowAsync(cancel);
        ledger.Begin(listing.UpperId);
        TakeArrived();
        startNs = Nanoseconds(start);
        lastListedNs = ledger.LastListed is { } last && last < start ? Nanoseconds(last) : startNs;
        guestClockOffsetNs = Nanoseconds(now) - Nanoseconds(listing.Clock);
        foreach (var (path, entry) in Named(listing.Entries).OrderBy(e => e.Path.Text, StringComparer.Ordinal))
        {
            Judge(path, entry);
        }

        FindVanished();
        foreach (var gone in ledger.Held.Keys.Except(Findings.Select(f => f.Named).OfType<ProjectPath>()).ToList())
        {
            ledger.Held.Remove(gone);
        }

        ledger.Listed(now);
    }

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    private List<(ProjectPath Path, GuestEntry Entry)> Named(List<GuestEntry> entries)
    {
        var named = new List<(ProjectPath Path, GuestEntry Entry)>();
        foreach (var entry in entries)
        {
            if (!ProjectPath.TryParse(entry.Path, OperatingSystem.IsWindows(), out var path, out var refused))
            {
                // A folder's bad name is told by what is in it.
                if (entry.Type != 'd' && !IsLeftOut(refused.Shown))
                {
                    Refuse(refused.Shown, null, entry, refused.Reason);
                }
            }
            else if (!IsLeftOut(path.Text))
            {
                if (seen.TryAdd(path, entry))
                {
                    named.Add((path, entry));
                }
                else if (entry.Type != 'd' || seen[path].Type != 'd')
                {
                    Refuse(path.Text, path, entry, "the guest names it twice");
                }
            }
        }

        return tree.FoldsCase ? WithoutTwins(named) : named;
    }

    // The guest's program leaves the same out; whoever replaced it need not.
    private bool IsLeftOut(string path) => ImportGuard.IsBelowOneOf(path, leftOut);

    private void TakeArrived()
    {
        foreach (var (path, file) in ledger.Arriving)
        {
            if (tree.Stat(path) is { Kind: HostKind.File } host && host.SizeBytes == file.SizeBytes && host.ModifiedNs == file.ModifiedNs)
            {
                ledger.Brought[path] = new BroughtFile(null, HostFingerprints.Brought(host, null));
            }
        }
    }

    private List<(ProjectPath Path, GuestEntry Entry)> WithoutTwins(List<(ProjectPath Path, GuestEntry Entry)> named)
    {
        var twins = new CaseTwins(tree);
        foreach (var (path, _) in named)
        {
            twins.Add(path);
        }

        return named.Where(e =>
        {
            var refusal = twins.Refusal(e.Path);
            if (refusal is not null && e.Entry.Type != 'd')
            {
                Refuse(e.Path.Text, e.Path, e.Entry, refusal);
            }

            return refusal is null;
        }).ToList();
    }

    private void Judge(ProjectPath path, GuestEntry entry)
    {
        var brought = ledger.Brought.GetValueOrDefault(path);
        if (entry.Type is 'f' or 'l' && brought?.Guest is not null && brought.Guest == entry.Stamp)
        {
            return;
        }

        var host = tree.Stat(path);
        if (entry.Type == 'd' && host.Kind is HostKind.Folder or HostKind.Missing or HostKind.Blocked)
        {
            return;
        }

        if (entry.Type == 'w')
        {
            whiteouts.Add(path);
            if (host.Kind == HostKind.Missing)
            {
                Stale.Add(entry.Path);
                return;
            }
        }

        List<(ProjectPath Path, HostStat Stat)>? files = null;
        var asBrought = brought is not null && IsAsBrought(path, host);
        var verdict = host.Kind == HostKind.Folder && entry.Type == 'w'
            ? JudgeFolder(path, out files)
            : policy.Judge(path, entry, host, asBrought);
        if (verdict.Class == ChangeClass.Refused)
        {
            Refuse(path.Text, path, entry, verdict.Reason!);
            return;
        }

        if (entry.Type == 'l' && host.Kind == HostKind.Link && tree.ReadLink(path) == Encoding.UTF8.GetString(entry.Link))
        {
            Stale.Add(entry.Path);
            return;
        }

        // What was brought and is another file now was changed by both.
        var conflict = verdict.Class != ChangeClass.Output && (IsConflict(path, entry, host) || (brought?.Host is not null && !asBrought && host.Kind != HostKind.Folder));
        Add(path, entry, host, verdict, conflict, files);
    }

    private Verdict JudgeFolder(ProjectPath path, out List<(ProjectPath Path, HostStat Stat)>? seenFiles)
    {
        seenFiles = null;
        try
        {
            seenFiles = HostFingerprints.FilesIn(tree, path).ConvertAll(file => (file, tree.Stat(file)));
        }
        catch (HostRefusalException e)
        {
            return Verdict.Refused(e.Message);
        }

        return seenFiles.Find(f => ImportGuard.ByName(f.Path.Text) is not null).Path is { Text: var guarded } ? new Verdict(ChangeClass.Guarded, $"it holds {Tainted.Line(guarded)}: {ImportGuard.ByName(guarded)}")
            : policy.IsOutputBelow(path) && seenFiles.TrueForAll(f => IsAsBrought(f.Path, f.Stat)) ? new Verdict(ChangeClass.Output, null, InOutputs: true)
            : new Verdict(ChangeClass.Held, null);
    }

    private bool IsAsBrought(ProjectPath path, HostStat host) =>
        ledger.Brought.GetValueOrDefault(path)?.Host is { } then && HostFingerprints.IsUnchanged(tree, path, host, then);

    // In a folder that the guest made, a deleted file leaves no whiteout; the ledger knows that it was there.
    private void FindVanished()
    {
        foreach (var (path, brought) in ledger.Brought.Where(b => b.Value.Guest is not null && !seen.ContainsKey(b.Key)).ToList())
        {
            if (path.Text.Split('/').Any(skipped.Contains) || path.Way.Any(whiteouts.Contains))
            {
                continue;
            }

            var host = tree.Stat(path);
            if (host.Kind is HostKind.File or HostKind.Link && IsAsBrought(path, host))
            {
                Add(path, new GuestEntry('w', new GuestStamp(0, 0, 0), 0, [], path.ToBytes()), host, new Verdict(ChangeClass.Output, null, InOutputs: true), conflict: false);
            }
            else
            {
                ledger.Brought.Remove(path);
            }
        }
    }

    /// <summary>
    /// The host's file is compared with what it was when the change was first seen; and when it is first seen now, it must
    /// be older than the command that made the change (<see cref="FileClock.NowAsync"/>: what is as old is newer).
    /// </summary>
    private bool IsConflict(ProjectPath path, GuestEntry entry, HostStat host)
    {
        if (ledger.Held.TryGetValue(path, out var known))
        {
            return known.Born || !HostFingerprints.IsUnchanged(tree, path, host, known.Host);
        }

        // A change older than this command was made by a process that stayed: then all since the last list counts.
        var changedAt = entry.Stamp.ChangedNs + guestClockOffsetNs;
        var since = entry.Stamp.ChangedNs != 0 && changedAt + (ClockSlack.Ticks * 100) < startNs ? lastListedNs : startNs;
        var newest = host.Kind == HostKind.Folder
            ? HostFingerprints.FilesIn(tree, path).Select(f => tree.Stat(f).ChangedNs).DefaultIfEmpty(0).Max()
            : host.ChangedNs;
        var born = host.Kind != HostKind.Missing && newest >= since;
        ledger.Held[path] = new HeldBase(HostFingerprints.Take(tree, path, host), born);
        return born;
    }

    private void Add(ProjectPath path, GuestEntry entry, HostStat host, Verdict verdict, bool conflict, List<(ProjectPath Path, HostStat Stat)>? files = null)
    {
        var kind = entry.Type is 'w' or 'd' ? ChangeKind.Deleted : host.Kind == HostKind.Missing ? ChangeKind.Added : ChangeKind.Modified;
        var size = kind == ChangeKind.Deleted ? 0 : entry.Stamp.SizeBytes;
        var change = new Change(path.Text, kind, verdict.Class, size, entry.Type == 'f' && entry.Executable, conflict, verdict.Reason);
        Findings.Add(new Finding(change, path, entry, host, verdict.InOutputs, files));
    }

    private void Refuse(string shown, ProjectPath? path, GuestEntry entry, string reason) => Findings.Add(new Finding(
        new Change(shown, ChangeKind.Added, ChangeClass.Refused, entry.Stamp.SizeBytes, Executable: false, Conflict: false, reason),
        path,
        entry,
        HostStat.Missing));
}
