using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Workspaces.Shown;

/// <summary>Shows one change as a unified diff. No program is asked: a diff tool obeys configuration that may come from a repository.</summary>
internal sealed class ChangeDiff(HostTree tree, IGuestWorkspace guest)
{
    private const int MostBytes = 4 << 20;
    private const int MostFiles = 1000;

    /// <exception cref="MachineException">One of the two can't be read.</exception>
    public async Task<ShownChange> CreateAsync(Finding finding, CancellationToken cancel)
    {
        var change = finding.Change;
        if (change.Class == ChangeClass.Refused)
        {
            return new ShownChange(change, $"{Tainted.Line(change.Path)}: refused: {Tainted.Line(change.Reason ?? "")}\n", "");
        }

        try
        {
            using var content = new MemoryStream();
            var isShown = Math.Max(change.SizeBytes, finding.Host.Kind == HostKind.File ? finding.Host.SizeBytes : 0) <= MostBytes;
            var sha256 = finding.Entry.Type == 'f' ? await GuestHashAsync(finding, isShown ? content : Stream.Null, cancel) : null;
            var after = finding.Entry.Type switch
            {
                'l' => [.. "link to "u8, .. finding.Entry.Link, (byte)'\n'],
                'f' => content.ToArray(),
                _ => null,
            };
            var text = finding.Host.Kind == HostKind.Folder ? Folder(finding)
                : isShown ? Text(finding, await HostContentAsync(finding, cancel), after, sha256)
                : Header(finding) + Unshown(finding, "too large to show", sha256);
            return new ShownChange(change, text, ChangeHash.Of(tree, finding, sha256));
        }
        catch (HostRefusalException e)
        {
            throw new MachineException($"{Tainted.Line(change.Path)} could not be read on this host: {Tainted.Line(e.Message)}", "try again", inner: e);
        }
    }

    private string Text(Finding finding, byte[]? before, byte[]? after, string? sha256)
    {
        var name = Tainted.Line(finding.Change.Path);
        return Header(finding) + (IsBinary(before) || IsBinary(after)
            ? Unshown(finding, "binary", sha256)
            : UnifiedDiff.Create(name, before is null ? null : Tainted.Utf8(before), after is null ? null : Tainted.Utf8(after)));
    }

    // What a diff of contents does not say.
    private static string Header(Finding finding)
    {
        var (change, host) = (finding.Change, finding.Host);
        var name = Tainted.Line(change.Path);
        return (finding.Entry.Type == 'l' ? $"{name}: a link{(host.Kind == HostKind.File ? " in place of the file" : "")}\n" : "")
            + (finding.Entry.Type == 'f' && host.Kind == HostKind.Link ? $"{name}: a file in place of the link\n" : "")
            + (change.Kind != ChangeKind.Deleted && finding.Entry.Type == 'f' && host.Executable != change.Executable
                ? $"{name}: the execute bit is {(change.Executable ? "set" : "taken away")}\n" : "");
    }

    private string Unshown(Finding finding, string why, string? sha256)
    {
        var host = finding.Host.Kind == HostKind.File ? $"{finding.Host.SizeBytes} bytes on the host, sha256 {tree.Sha256(finding.Path)}" : "nothing on the host";
        return $"{Tainted.Line(finding.Change.Path)}: {why} ({host}; {(sha256 is null ? "deleted" : $"{finding.Change.SizeBytes} bytes in the guest, sha256 {sha256}")})\n";
    }

    private static string Folder(Finding finding)
    {
        var files = finding.Files!.Select(file => file.Path.Text).Order(StringComparer.Ordinal).ToList();
        return $"{Tainted.Line(finding.Change.Path)}: the folder is deleted, {files.Count} files:\n{string.Concat(files.Take(MostFiles).Select(f => $"- {Tainted.Line(f, int.MaxValue)}\n"))}"
            + (files.Count > MostFiles ? $"… and {files.Count - MostFiles} more that are not shown\n" : "");
    }

    private static bool IsBinary(byte[]? content) => content is not null && content.AsSpan(0, Math.Min(content.Length, 8000)).Contains((byte)0);

    private async Task<byte[]?> HostContentAsync(Finding finding, CancellationToken cancel)
    {
        switch (finding.Host.Kind)
        {
            case HostKind.Link:
                return Encoding.UTF8.GetBytes($"link to {tree.ReadLink(finding.Path)}\n");
            case HostKind.File:
                await using (var stream = tree.OpenRead(finding.Path))
                {
                    // One that grew since is another file: its hash says so.
                    var content = new byte[Math.Min(stream.Length, MostBytes)];
                    await stream.ReadExactlyAsync(content, cancel);
                    return content;
                }

            default:
                return null;
        }
    }

    private async Task<string> GuestHashAsync(Finding finding, Stream content, CancellationToken cancel)
    {
        try
        {
            return (await GuestContents.ReadAsync(guest, [finding], content, cancel)).GetValueOrDefault(finding.Path)
                ?? throw new GuestProtocolException("it changed while it was read");
        }
        catch (GuestProtocolException e)
        {
            throw new MachineException($"{Tainted.Line(finding.Change.Path)} could not be read from the guest: {e.Message}", "try again", inner: e);
        }
    }
}
