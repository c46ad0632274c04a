namespace Machine.Tool.Workspaces;

/// <summary>The host's file as it was when a change to it was first seen. <paramref name="Sha256"/>: of small files, and of a folder's list.</summary>
internal sealed record HostFingerprint(HostKind Kind, long SizeBytes, long ModifiedNs, string? Sha256);

/// <param name="Born">The host's file was already changed when the change was first seen: a conflict from the start.</param>
/// <param name="Compared">The guest's version that was found to differ from the host's, byte for byte.</param>
internal sealed record HeldBase(HostFingerprint Host, bool Born, GuestStamp? Compared = null);

/// <summary>An output that this machine brought to the host.</summary>
/// <param name="Guest">The version brought; null while it is on its way, and after the machine was started anew.</param>
/// <param name="Host">The host's file just after; null while it is on its way.</param>
internal sealed record BroughtFile(GuestStamp? Guest, HostFingerprint? Host);

/// <summary>
/// What is known about changes between two commands: what each was based on, and what was already brought. A lost or
/// broken ledger costs transfers and known conflicts, never a file.
/// </summary>
internal sealed class ChangeLedger
{
    private const int CurrentVersion = 1;
    private readonly string path;
    private Content content;

    private ChangeLedger(string path, Content content)
    {
        this.path = path;
        this.content = content;
    }

    public Dictionary<string, BroughtFile> Brought => content.Brought;

    public Dictionary<string, HeldBase> Held => content.Held;

    public DateTimeOffset? LastListed => content.LastListed;

    public static ChangeLedger Load(string machineFolder)
    {
        var path = Path.Combine(machineFolder, "changes.json");
        return new ChangeLedger(path, LedgerFile.TryRead(path) is { Version: CurrentVersion } content ? content : Content.Empty);
    }

    /// <summary>A new upper layer is empty: what was held there is gone, and nothing brought is known to be inside.</summary>
    public void Begin(string upperId)
    {
        if (content.UpperId == upperId)
        {
            return;
        }

        foreach (var (file, brought) in content.Brought)
        {
            content.Brought[file] = brought with { Guest = null };
        }

        content.Held.Clear();
        content = content with { UpperId = upperId };
    }

    public void Listed(DateTimeOffset at) => content = content with { LastListed = at };

    public void Save() => LedgerFile.Write(path, content);

    internal sealed record Content(
        int Version, string? UpperId, DateTimeOffset? LastListed, Dictionary<string, BroughtFile> Brought, Dictionary<string, HeldBase> Held)
    {
        public static Content Empty => new(CurrentVersion, null, null, [], []);
    }
}
