using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces;

/// <summary>Shows one change as a unified diff. No program is asked: a diff tool obeys configuration that may come from a repository.</summary>
internal sealed class ChangeDiff(HostTree tree, IGuestWorkspace guest)
{
    private const int MostBytes = 4 << 20;

    public async Task<string> CreateAsync(Finding finding, CancellationToken cancel)
    {
        var change = finding.Change;
        var name = Tainted.Line(change.Path);
        if (change.Class == ChangeClass.Refused)
        {
            return $"{name}: refused: {Tainted.Line(change.Reason ?? "")}\n";
        }

        if (finding.Host.Kind == HostKind.Folder)
        {
            var files = tree.Enumerate(change.Path, int.MaxValue).Files;
            return $"{name}: the folder is deleted, {files.Count} files:\n{string.Concat(files.Order(StringComparer.Ordinal).Take(50).Select(f => $"- {Tainted.Line(f)}\n"))}";
        }

        if (Math.Max(change.SizeBytes, finding.Host.SizeBytes) > MostBytes)
        {
            return $"{name}: too large to show ({finding.Host.SizeBytes} bytes on the host, {change.SizeBytes} in the guest)\n";
        }

        var before = await HostContentAsync(finding, cancel);
        var after = await GuestContentAsync(finding, cancel);
        var mode = finding.Host.Kind == HostKind.File && change.Kind == ChangeKind.Modified && finding.Host.Executable != change.Executable
            ? $"{name}: the execute bit is {(change.Executable ? "set" : "taken away")}\n"
            : "";
        return mode + (IsBinary(before) || IsBinary(after)
            ? $"{name}: binary ({before?.Length ?? 0} bytes on the host, {after?.Length ?? 0} in the guest)\n"
            : UnifiedDiff.Create(name, before is null ? null : Encoding.UTF8.GetString(before), after is null ? null : Encoding.UTF8.GetString(after)));
    }

    private static bool IsBinary(byte[]? content) => content is not null && content.AsSpan(0, Math.Min(content.Length, 8000)).Contains((byte)0);

    private async Task<byte[]?> HostContentAsync(Finding finding, CancellationToken cancel)
    {
        switch (finding.Host.Kind)
        {
            case HostKind.Link:
                return Encoding.UTF8.GetBytes($"link to {tree.ReadLink(finding.Change.Path)}\n");
            case HostKind.File:
                await using (var stream = tree.OpenRead(finding.Change.Path))
                {
                    var content = new byte[Math.Min(stream.Length, MostBytes)];
                    await stream.ReadExactlyAsync(content, cancel);
                    return content;
                }

            default:
                return null;
        }
    }

    private async Task<byte[]?> GuestContentAsync(Finding finding, CancellationToken cancel)
    {
        switch (finding.Entry.Type)
        {
            case 'l':
                return [.. "link to "u8, .. finding.Entry.Link, (byte)'\n'];
            case 'f':
                using (var content = new MemoryStream())
                {
                    await ReceiveAsync(finding, content, cancel);
                    return content.ToArray();
                }

            default:
                return null;
        }
    }

    private async Task ReceiveAsync(Finding finding, Stream content, CancellationToken cancel)
    {
        try
        {
            var size = finding.Entry.Stamp.SizeBytes;
            await guest.RunAsync("pack", [], GuestRequest.Pairs([($"{size}", finding.RawPath)]), async reader =>
            {
                await reader.FieldAsync(4096);
                var file = new PackedFile(reader, size);
                await file.CopyToAsync(content);
                if (!file.IsWhole)
                {
                    throw new GuestProtocolException("it changed while it was read");
                }
            }, cancel);
        }
        catch (GuestProtocolException e)
        {
            throw new MachineException($"{Tainted.Line(finding.Change.Path)} could not be read from the guest: {e.Message}", "try again", inner: e);
        }
    }
}
