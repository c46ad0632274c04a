using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Workspaces;

/// <summary>
/// The project as the guest sees it, from the host's side: what a command in the guest changed, what of it comes back,
/// and what waits for a person. One at a time per machine; a second caller waits.
/// </summary>
/// <param name="machineFolder">The machine's state folder on the host; never inside the project.</param>
internal sealed class Workspace(
    string root, string machineFolder, WorkspaceSettings settings, IGuestWorkspace guest, ImportLimits? limits = null, Func<string, HostTree>? openTree = null)
{
    private readonly FileClock clock = new(machineFolder);
    private readonly ImportLimits limits = limits ?? ImportLimits.Default;
    private readonly Func<string, HostTree> openTree = openTree ?? HostTree.Open;

    public static Workspace Open(ProjectRoot project, MachinePaths paths, WorkspaceSettings settings, IGuestWorkspace guest) =>
        new(project.Path, paths.MachineFolder(project.MachineId), settings, guest);

    /// <summary>
    /// Before a command: an output that was brought and is gone from the host is removed inside, so that
    /// <c>rm -rf bin</c> means what it says. Returns the command's start, for <see cref="CollectAsync"/>.
    /// </summary>
    public async Task<DateTimeOffset> PrepareAsync(CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var tree = openTree(root);
        var ledger = ChangeLedger.Load(machineFolder);
        var gone = ledger.Brought.Keys.Where(path => tree.Stat(path).Kind == HostKind.Missing).ToList();
        if (gone.Count > 0)
        {
            await DropAsync(gone.Select(path => ("", System.Text.Encoding.UTF8.GetBytes(path))), cancel);
            gone.ForEach(path => ledger.Brought.Remove(path));
            ledger.Save();
        }

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
            && (f.Change.Class == ChangeClass.Output || (f.Change.Class == ChangeClass.Held && settings.Changes == ChangesMode.Apply)));
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
    /// <exception cref="MachineException">There is no such change, or it is refused.</exception>
    public async Task<string> DiffAsync(string path, CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        run.Save();
        var finding = ChangeSelection.One(run.Findings, path);
        return await new ChangeDiff(run.Tree, guest).CreateAsync(finding, cancel);
    }

    /// <summary>Brings what waits. Guarded files only where a path names them exactly; nothing named means all but them.</summary>
    /// <param name="overwrite">Also what the host changed meanwhile.</param>
    /// <exception cref="MachineException">A path names no change.</exception>
    public async Task<ChangeReport> ApplyAsync(IReadOnlyList<string> paths, bool overwrite, CancellationToken cancel)
    {
        using var held = await LockAsync(cancel);
        using var run = await LookAsync(null, [], cancel);
        var chosen = ChangeSelection.ForApply(run.Findings, paths);
        var report = await run.BringAsync([.. chosen.Where(f => overwrite || !f.Change.Conflict)], limits, cancel, applied: true);
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
        await DropAsync(chosen.Select(f => ("", f.RawPath)), cancel);
        run.Forget(chosen);
        run.Save();
        return [.. chosen.Select(f => f.Change)];
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
        var outputs = new GlobSet([.. settings.Outputs, .. extraOutputs]);
        var run = new WorkspaceRun(openTree(root), guest, ledger, new ImportPolicy(outputs, limits), Skipped(extraOutputs), clock);
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
