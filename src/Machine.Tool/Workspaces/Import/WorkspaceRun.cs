using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Workspaces.Import;

/// <summary>One look at the guest's changes, and what is done about them, under the machine's lock.</summary>
internal sealed class WorkspaceRun(HostTree tree, IGuestWorkspace guest, ChangeLedger ledger, ImportPolicy policy, string[] skipped, FileClock clock) : IDisposable
{
    /// <summary>Larger files are not compared: reading them twice costs more than a needless question.</summary>
    private const long MostCompared = 64L << 20;

    private readonly Survey survey = new(tree, policy, ledger, skipped, clock);

    public HostTree Tree => tree;

    public List<Finding> Findings => survey.Findings;

    public static async Task DropAsync(IGuestWorkspace guest, IEnumerable<(string Stamp, byte[] Path)> entries, CancellationToken cancel)
    {
        var pairs = entries.ToList();
        if (pairs.Count == 0)
        {
            return;
        }

        try
        {
            await guest.RunAsync("drop", [], GuestRequest.Pairs(pairs), EndAsync, cancel);
        }
        catch (GuestProtocolException e)
        {
            throw new MachineException(
                $"the guest did not confirm that it forgot {pairs.Count} changes ({e.Message})", "dotnet machine changes   shows what it still holds", inner: e);
        }
    }

    public async Task LookAsync(DateTimeOffset start, CancellationToken cancel)
    {
        GuestListing? listing = null;
        try
        {
            await guest.RunAsync("list", skipped, default, async reader => listing = await GuestListing.ReadAsync(reader), cancel);
        }
        catch (GuestProtocolException e)
        {
            throw new MachineException(
                $"nothing was brought: the guest's list of changes is not one ({e.Message})",
                "dotnet machine logs   shows more; dotnet machine stop   forgets what the guest holds",
                inner: e);
        }

        await survey.ExamineAsync(listing!, start, cancel);
        await RemoveEqualAsync(cancel);
    }

    /// <summary>Writes what is wanted to the host and tells what remains.</summary>
    /// <param name="applied">A person asked for these: but for outputs they are the host's afterwards, and the guest sees the host's version.</param>
    /// <param name="agreed">Whether a change of this hash was said yes to; null where no yes is bound to one.</param>
    public async Task<ChangeReport> BringAsync(IReadOnlyCollection<Finding> wanted, ImportLimits limits, CancellationToken cancel, bool applied = false, Func<Change, string, bool>? agreed = null)
    {
        var files = wanted.Where(f => f.Entry.Type is 'f' or 'l').Select(f => (f.Change.Path, f.Change.SizeBytes)).ToList();
        var exceeding = limits.Exceeding(files, out var depth);
        var fitting = wanted.Where(f => f.Change.Kind == ChangeKind.Deleted || !exceeding.ContainsKey(ImportLimits.FolderOf(f.Change.Path, depth))).ToList();
        ledger.Expect([.. fitting.Where(f => f.Entry.Type == 'f' && IsBrought(f)).Select(f => (f.Path, Importer.Arriving(f)))]);
        var importer = new Importer(tree, guest, agreed, cancel);
        var drops = survey.Stale.Select(path => ("", path)).ToList();
        try
        {
            await importer.RunAsync(fitting, durable: applied, (finding, host, hash) => Record(finding, host, hash, drops));
        }
        finally
        {
            Save();
        }

        await DropAsync(guest, drops, cancel);
        var refused = importer.Refused.Concat(exceeding.Select(e => new Change($"{e.Key}/", ChangeKind.Added, ChangeClass.Refused, 0, Executable: false, Conflict: false, e.Value)));
        var tried = wanted.ToHashSet(ReferenceEqualityComparer.Instance);
        return ChangeReport.Of(Findings.Where(f => !tried.Contains(f)).Select(f => f.Change).Concat(refused), importer.Files, importer.Bytes, importer.Deleted) with { Applied = importer.Applied };
    }

    public void Forget(IEnumerable<Finding> findings)
    {
        foreach (var path in findings.Select(f => f.Named).OfType<ProjectPath>())
        {
            ledger.Held.Remove(path);
            ledger.Brought.Remove(path);
        }
    }

    public void Save()
    {
        ledger.Save();
        ledger.Arrived();
    }

    public void Dispose() => tree.Dispose();

    private static async Task EndAsync(GuestReader reader)
    {
        if (await reader.TextAsync(8) != "end")
        {
            throw new GuestProtocolException("no end");
        }
    }

    private static bool IsBrought(Finding finding) => finding.InOutputs && finding.Change.Kind != ChangeKind.Deleted;

    private void Record(Finding finding, HostStat host, string? hash, List<(string Stamp, byte[] Path)> drops)
    {
        var path = finding.Path;
        ledger.Held.Remove(path);
        if (finding.Change.Kind == ChangeKind.Deleted)
        {
            ledger.Brought.Remove(path);
            foreach (var below in finding.Host.Kind != HostKind.Folder ? [] : ledger.Brought.Keys.Where(k => k.IsBelow(path)).ToList())
            {
                ledger.Brought.Remove(below);
            }

            if (finding.Entry.Type == 'w')
            {
                // Without a stamp: a whiteout has no content to lose.
                drops.Add(("", finding.Entry.Path));
            }
        }
        else if (IsBrought(finding))
        {
            ledger.Brought[path] = new BroughtFile(finding.Entry.Stamp, HostFingerprints.Brought(host, hash));
        }
        else
        {
            ledger.Brought.Remove(path);
            drops.Add((finding.Entry.Stamp.ForDrop, finding.Entry.Path));
        }
    }

    // A file that was touched, or written with what it held: no change. The guest itself says so; a lie costs it its own file.
    private async Task RemoveEqualAsync(CancellationToken cancel)
    {
        var candidates = Findings.Where(f => f is { Change: { Kind: ChangeKind.Modified, Class: ChangeClass.Held or ChangeClass.Guarded }, Entry.Type: 'f', Host.Kind: HostKind.File }
            && f.Entry.Stamp.SizeBytes == f.Host.SizeBytes && f.Entry.Stamp.SizeBytes <= MostCompared && f.Entry.Executable == f.Host.Executable
            && ledger.Held.GetValueOrDefault(f.Path)?.Compared != f.Entry.Stamp).ToDictionary(f => f.Path);
        if (candidates.Count == 0)
        {
            return;
        }

        var equal = new HashSet<ProjectPath>();
        try
        {
            await guest.RunAsync("same", [], GuestRequest.Paths(candidates.Values.Select(f => f.Entry.Path)), async reader =>
            {
                while (await reader.FieldAsync(4096) is { Length: > 0 } named)
                {
                    equal.Add(ProjectPath.TryParse(named, OperatingSystem.IsWindows(), out var path, out _) && candidates.ContainsKey(path) && equal.Count < candidates.Count
                        ? path : throw new GuestProtocolException("another file than asked for"));
                }
            }, cancel);
        }
        catch (GuestProtocolException)
        {
            // Then they are listed as changes.
            return;
        }

        await DropAsync(guest, equal.Select(path => (candidates[path].Entry.Stamp.ForDrop, candidates[path].Entry.Path)), cancel);
        Findings.RemoveAll(f => f.Named is { } path && equal.Contains(path));
        foreach (var (path, finding) in candidates)
        {
            if (equal.Contains(path))
            {
                ledger.Held.Remove(path);
            }
            else if (ledger.Held.TryGetValue(path, out var known))
            {
                ledger.Held[path] = known with { Compared = finding.Entry.Stamp };
            }
        }
    }
}
