using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Import;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Lower;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Workspaces;

/// <summary>
/// The project as the guest sees it, from the host's side: what a command in the guest changed, what of it comes back,
/// and what waits for a person. One at a time per machine; a second caller waits.
/// </summary>
/// <param name="machineFolder">The machine's state folder on the host; never inside the project.</param>
internal sealed class Workspace(
    string root, string machineFolder, WorkspaceSettings settings, IGuestWorkspace guest, ILowerTree lower, ImportLimits? limits = null, Func<string, HostTree>? openTree = null)
{
    private readonly FileClock clock = new(machineFolder);
    private readonly ImportLimits limits = limits ?? ImportLimits.Default;
    private readonly Func<string, HostTree> openTree = openTree ?? HostTree.Open;

    public static Workspace Open(ProjectRoot project, MachinePaths paths, WorkspaceSettings settings, IGuestWorkspace guest, ILowerTree lower) =>
        new(project.Path, paths.MachineFolder(project.MachineId), settings, guest, lower);

    /// <summary>
    /// Before a command: the guest sees the host's files as they are, and an output that was brought and is gone from the host is removed
    /// inside, so that <c>rm -rf bin</c> means what it says. Returns the command's start, for <see cref="CollectAsync"/>.
    /// </summary>
    public async Task<DateTimeOffset> PrepareAsync(CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var tree = openTree(root);
        var ledger = ChangeLedger.Load(machineFolder);
        var gone = ledger.Brought.Keys.Where(path => tree.Stat(path).Kind == HostKind.Missing).ToList();
        if (gone.Count > 0)
        {
            await DropAsync(gone.Select(path => ("", path.ToBytes())), cancel);
            gone.ForEach(path => ledger.Brought.Remove(path));
            ledger.Save();
        }

        await lower.RefreshAsync(tree, guest, cancel);
        return await clock.NowAsync(cancel);
    }

    /// <summary>Connecting to the guest and starting a program there takes as long as a short command: both are done before its end, at best before its beginning.</summary>
    /// <param name="extraOutputs">As given to <see cref="CollectAsync"/> afterwards.</param>
    public void GetReady(IReadOnlyList<string>? extraOutputs = null) => guest.GetReady("list", Skipped(extraOutputs ?? []));

    /// <summary>After a command: brings the outputs (with <see cref="ChangesMode.Apply"/> all that is not guarded) and tells what waits.</summary>
    /// <param name="start">As <see cref="PrepareAsync"/> returned it.</param>
    /// <param name="extraOutputs">Globs of further outputs, of this command alone (<c>-o out</c>).</param>
    public async Task<ChangeReport> CollectAsync(DateTimeOffset start, CancellationToken cancel, IReadOnlyList<string>? extraOutputs = null)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(start, extraOutputs ?? [], cancel);
        var wanted = run.Findings.Where(f => !f.Change.Conflict
            && (f.Change.Class == ChangeClass.Output || (f.Change.Class == ChangeClass.Held && settings.Changes == ChangesMode.Apply && !f.InOutputs && KnownSources.Holds(f))));
        return await run.BringAsync([.. wanted], limits, cancel);
    }

    /// <summary>What waits now; nothing is brought.</summary>
    public async Task<IReadOnlyList<Change>> ListAsync(CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        run.Save();
        return [.. ChangeReport.Of(run.Findings.Select(f => f.Change)).All.OrderBy(c => c.Path, StringComparer.Ordinal)];
    }

    /// <summary>A unified diff of one change, safe to print.</summary>
    /// <exception cref="MachineException">There is no such change.</exception>
    public async Task<string> DiffAsync(string path, CancellationToken cancel) => (await ShowAsync(path, cancel)).Diff;

    /// <summary>One change for a person to look at, with the hash that a yes binds.</summary>
    /// <exception cref="MachineException">There is no such change.</exception>
    public async Task<ShownChange> ShowAsync(string path, CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        run.Save();
        var finding = ChangeSelection.One(run.Findings, path);
        return await new ChangeDiff(run.Tree, guest).CreateAsync(finding, cancel);
    }

    /// <summary>
    /// Those of these changes that can be asked for in one question, each with the hash that a yes binds: as they are now, without
    /// those that are gone, guarded or in conflict by now.
    /// </summary>
    /// <param name="mayBeGuarded">Also what is guarded for being the host's own output.</param>
    public async Task<IReadOnlyList<ShownChange>> BindAsync(IReadOnlyCollection<Change> changes, bool mayBeGuarded, CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        run.Save();
        var asked = changes.Select(change => change.Path).ToHashSet(StringComparer.Ordinal);
        var findings = run.Findings.Where(f => asked.Contains(f.Change.Path) && !f.Change.Conflict
            && (f.Change.Class is ChangeClass.Held or ChangeClass.Output || (mayBeGuarded && f is { InOutputs: true, Change.Class: ChangeClass.Guarded }))).ToList();
        Dictionary<ProjectPath, string> contents;
        try
        {
            contents = await GuestContents.ReadAsync(guest, [.. findings.Where(f => f.Entry.Type == 'f')], Stream.Null, cancel);
        }
        catch (GuestProtocolException e)
        {
            throw new MachineException($"what waits could not be read from the guest: {e.Message}", "dotnet machine changes", inner: e);
        }

        return [.. findings.Where(f => f.Entry.Type != 'f' || contents.ContainsKey(f.Path)).Select(f => Bound(run.Tree, f, contents.GetValueOrDefault(f.Path))).OfType<ShownChange>()];
    }

    /// <summary>Brings what waits. Guarded files only where a path names them exactly; nothing named means all but them.</summary>
    /// <param name="overwrite">Also what the host changed meanwhile.</param>
    /// <param name="agreed">Whether a change of this hash was said yes to; any other is refused. Null where no yes is bound to a hash.</param>
    /// <exception cref="MachineException">A path names no change.</exception>
    public async Task<ChangeReport> ApplyAsync(IReadOnlyList<string> paths, bool overwrite, CancellationToken cancel, Func<Change, string, bool>? agreed = null)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        return await ApplyAsync(run, ChangeSelection.ForApply(run.Findings, paths), overwrite, agreed, cancel);
    }

    /// <summary>Brings these changes as they were shown: nothing else, and none that is another by now.</summary>
    public async Task<ChangeReport> ApplyShownAsync(IReadOnlyCollection<ShownChange> shown, bool overwrite, CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        var hashes = shown.ToDictionary(s => s.Change.Path, s => s.Hash, StringComparer.Ordinal);
        var chosen = run.Findings.Where(f => f.Change.Class != ChangeClass.Refused && hashes.ContainsKey(f.Change.Path)).ToList();
        var report = await ApplyAsync(run, chosen, overwrite, (change, hash) => hashes[change.Path] == hash, cancel);
        var gone = shown.Select(s => s.Change).ExceptBy(chosen.Select(f => f.Change.Path), change => change.Path, StringComparer.Ordinal)
            .Select(change => change with { Class = ChangeClass.Refused, Reason = Importer.WrittenAgain });
        return report with { Refused = [.. report.Refused, .. gone] };
    }

    private async Task<ChangeReport> ApplyAsync(WorkspaceRun run, List<Finding> chosen, bool overwrite, Func<Change, string, bool>? agreed, CancellationToken cancel)
    {
        var report = await run.BringAsync([.. chosen.Where(f => overwrite || !f.Change.Conflict)], limits, cancel, applied: true, agreed);
        // What was not asked for is no news here; what was and could not come is.
        var named = chosen.Select(f => f.Change.Path).ToHashSet(StringComparer.Ordinal);
        return report with
        {
            Held = [.. report.Held.Where(c => named.Contains(c.Path))],
            Conflicts = [.. report.Conflicts.Where(c => named.Contains(c.Path))],
        };
    }

    /// <summary>Forgets changes inside, so that the host's version shows through again; nothing named means all that waits.</summary>
    /// <returns>The changes that are gone.</returns>
    public async Task<IReadOnlyList<Change>> DiscardAsync(IReadOnlyList<string> paths, CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        var chosen = ChangeSelection.ForDiscard(run.Findings, paths);
        await DropAsync(chosen.Select(f => ("", f.Entry.Path)), cancel);
        run.Forget(chosen);
        run.Save();
        return [.. chosen.Select(f => f.Change)];
    }

    // One whose host's side can't be read is none that a person can say yes to.
    private static ShownChange? Bound(HostTree tree, Finding finding, string? content)
    {
        try
        {
            return new ShownChange(finding.Change, "", ChangeHash.Of(tree, finding, content));
        }
        catch (Exception e) when (e is HostRefusalException or IOException)
        {
            return null;
        }
    }

    private Task<FileLock> LockAsync(CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(machineFolder);
        return FileLock.AcquireAsync(Path.Combine(machineFolder, "changes.lock"), waiting: null, cancel);
    }

    private Task DropAsync(IEnumerable<(string Stamp, byte[] Path)> entries, CancellationToken cancel) => WorkspaceRun.DropAsync(guest, entries, cancel);

    // Package folders hold tens of thousands of files that nobody reviews: listed only where the outputs ask for them.
    private string[] Skipped(IReadOnlyList<string> extraOutputs) =>
        settings.Outputs.Concat(extraOutputs).Any(output => output.Contains("node_modules", StringComparison.Ordinal)) ? [".machine"] : [".machine", "node_modules"];

    private async Task<WorkspaceRun> LookAsync(DateTimeOffset? start, IReadOnlyList<string> extraOutputs, CancellationToken cancel)
    {
        var ledger = ChangeLedger.Load(machineFolder);
        var tree = openTree(root);
        var outputs = new GlobSet([.. settings.Outputs, .. extraOutputs], new ProjectFileFolders(tree).Holds);
        var run = new WorkspaceRun(tree, guest, ledger, new ImportPolicy(outputs, limits), Skipped(extraOutputs), clock);
        try
        {
            await run.LookAsync(start ?? ledger.LastListed ?? await clock.NowAsync(cancel), cancel);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }
}
