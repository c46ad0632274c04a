using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Review;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Tool.Workspaces.Import;

/// <summary>
/// Carries changes out on the host: deletions first, then links, then files in one stream. A bad one costs itself alone. What the host has
/// there is looked at once more before each, for a guest that sends slowly chooses the moment.
/// </summary>
/// <param name="agreed">Whether a change of this hash (<see cref="ChangeHash"/>) was said yes to; null where no yes is bound to one.</param>
internal sealed class Importer(HostTree tree, IGuestWorkspace guest, Func<Change, string, bool>? agreed, CancellationToken cancel)
{
    /// <summary>Why a change is not carried out that a person said yes to in another form.</summary>
    public const string WrittenAgain = "it was written again since it was shown; nothing of it was applied";

    private static readonly DateTimeOffset Oldest = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    public int Deleted { get; private set; }

    public List<Change> Refused { get; } = [];

    public List<AppliedChange> Applied { get; } = [];

    /// <summary>As the file of a finding will look when it is there.</summary>
    public static ArrivingFile Arriving(Finding finding) =>
        new(finding.Entry.Stamp.SizeBytes, (Time(finding.Entry.Stamp.ModifiedNs) - DateTimeOffset.UnixEpoch).Ticks * 100);

    /// <param name="done">Called after each with the host's file as it is now, and its hash.</param>
    public async Task RunAsync(IReadOnlyCollection<Finding> findings, bool durable, Action<Finding, HostStat, string?> done)
    {
        foreach (var finding in findings.Where(f => f.Change.Kind == ChangeKind.Deleted))
        {
            Try(finding, Delete, done);
        }

        foreach (var finding in findings.Where(f => f.Entry.Type == 'l'))
        {
            Try(finding, WriteLink, done);
        }

        var files = findings.Where(f => f.Entry.Type == 'f').OrderBy(f => f.Change.Path, StringComparer.Ordinal).ToList();
        if (files.Count > 0)
        {
            await ReceiveAsync(files, durable, done);
        }
    }

    private void Try(Finding finding, Action<Finding> action, Action<Finding, HostStat, string?> done)
    {
        try
        {
            Check(finding, null);
            action(finding);
            Done(finding, finding.Entry.Type == 'l' ? Encoding.UTF8.GetString(finding.Entry.Link) : null, done);
        }
        catch (HostRefusalException e)
        {
            Refuse(finding.Change, e.Message);
        }
    }

    private void Done(Finding finding, string? hash, Action<Finding, HostStat, string?> done)
    {
        Applied.Add(new AppliedChange(finding.Change, finding.Entry.Type == 'f' ? hash : null));
        done(finding, tree.Stat(finding.Path), hash);
    }

    /// <param name="content">SHA-256 of the bytes that came.</param>
    private void Check(Finding finding, string? content)
    {
        // A folder's time changes with what is in it; each of its files is looked at instead.
        if (finding.Host.Kind != HostKind.Folder && tree.Stat(finding.Path) != finding.Host)
        {
            throw new HostRefusalException("this host's file changed meanwhile");
        }

        if (agreed is not null && !agreed(finding.Change, ChangeHash.Of(tree, finding, content)))
        {
            throw new HostRefusalException(WrittenAgain);
        }
    }

    private void Delete(Finding finding)
    {
        var path = finding.Path;
        if (finding.Host.Kind != HostKind.Folder)
        {
            tree.DeleteFile(path);
            Deleted++;
            return;
        }

        // Only what the survey saw, as it saw it: what came since stays, with its folders.
        foreach (var (file, _) in finding.Files!.Where(file => tree.Stat(file.Path) == file.Stat))
        {
            tree.DeleteFile(file);
            Deleted++;
        }

        var (left, folders) = tree.Enumerate(path, int.MaxValue);
        foreach (var folder in folders.OrderByDescending(f => f.Text.Length))
        {
            tree.TryDeleteFolder(folder);
        }

        if (left.Count > 0)
        {
            throw new HostRefusalException($"{left.Count} files in it changed or came meanwhile, among them {Tainted.Line(left[0].Text)}: these stay");
        }
    }

    private void WriteLink(Finding finding)
    {
        var path = finding.Path;
        if (ImportPolicy.LinkRefusal(path, finding.Entry.Link, out var resolved) is { } refusal)
        {
            throw new HostRefusalException(refusal);
        }

        // A link of the host's may lead outside the project: ours must not pass through it.
        for (var hops = 0; resolved is not null; hops++)
        {
            var kind = tree.Stat(resolved).Kind;
            if (kind == HostKind.Blocked || hops > 10)
            {
                throw new HostRefusalException("a link through a link of the host's");
            }

            if (kind != HostKind.Link)
            {
                break;
            }

            if (ImportPolicy.LinkRefusal(resolved, Encoding.UTF8.GetBytes(tree.ReadLink(resolved) ?? ""), out resolved) is { } further)
            {
                throw new HostRefusalException($"a link to {further}");
            }
        }

        tree.WriteLink(path, Encoding.UTF8.GetString(finding.Entry.Link));
        Files++;
    }

    private async Task ReceiveAsync(List<Finding> files, bool durable, Action<Finding, HostStat, string?> done)
    {
        var request = GuestRequest.Pairs(files.Select(f => ($"{f.Entry.Stamp.SizeBytes}", f.Entry.Path)));
        var next = 0;
        try
        {
            await guest.RunAsync("pack", [], request, async reader =>
            {
                for (; next < files.Count; next++)
                {
                    cancel.ThrowIfCancellationRequested();
                    var finding = files[next];
                    if (!(await reader.FieldAsync(4096)).AsSpan().SequenceEqual(finding.Entry.Path))
                    {
                        throw new GuestProtocolException("another file than asked for");
                    }

                    await ReceiveAsync(reader, finding, durable, done);
                }
            }, cancel);
        }
        catch (GuestProtocolException e) when (next < files.Count)
        {
            Refuse(files[next].Change, $"the guest broke the transfer off ({e.Message}); {files.Count - next} files were not brought");
        }
        catch (GuestProtocolException)
        {
            // Everything asked for is here; what the guest says on top is not heard.
        }
    }

    private async Task ReceiveAsync(GuestReader reader, Finding finding, bool durable, Action<Finding, HostStat, string?> done)
    {
        var (change, stamp) = (finding.Change, finding.Entry.Stamp);
        using var incoming = new PackedFile(reader, stamp.SizeBytes);
        try
        {
            await tree.WriteFileAsync(finding.Path, change.Executable, Time(stamp.ModifiedNs), durable, async stream =>
            {
                await incoming.CopyToAsync(stream);
                if (!incoming.IsWhole)
                {
                    throw new HostRefusalException(agreed is null ? "it changed while it was read; the next command brings it" : WrittenAgain);
                }

                // The last look before the rename.
                Check(finding, incoming.Sha256);
            });
            Files++;
            Bytes += stamp.SizeBytes;
            Done(finding, incoming.Sha256, done);
        }
        catch (HostRefusalException e)
        {
            Refuse(change, e.Message);
            await incoming.CopyToAsync(Stream.Null);
        }
    }

    // A build compares times: the guest's own are kept, as far as they are possible.
    private static DateTimeOffset Time(long nanoseconds)
    {
        var time = DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
        var now = DateTimeOffset.UtcNow;
        return time < Oldest ? Oldest : time > now ? now : time;
    }

    private void Refuse(Change change, string reason) => Refused.Add(change with { Class = ChangeClass.Refused, Reason = reason });
}
