using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>The host's file as it was when a change to it was first seen, or just after it was brought.</summary>
/// <param name="Sha256">Of small files and of those that were brought, and of a folder's list; a link's target.</param>
/// <param name="ChangedNs">The inode's time, which nobody can set; null in ledgers of earlier versions.</param>
internal sealed record HostFingerprint(HostKind Kind, long SizeBytes, long ModifiedNs, string? Sha256, long? ChangedNs = null);

/// <param name="Born">The host's file was already changed when the change was first seen: a conflict from the start.</param>
/// <param name="Compared">The guest's version that was found to differ from the host's, byte for byte.</param>
internal sealed record HeldBase(HostFingerprint Host, bool Born, GuestStamp? Compared = null);

/// <summary>An output that this machine brought to the host.</summary>
/// <param name="Guest">The version brought; null after the machine was started anew.</param>
/// <param name="Host">The host's file just after: another one is the host's own again. Null in ledgers of earlier versions: it is nobody's.</param>
internal sealed record BroughtFile(GuestStamp? Guest, HostFingerprint? Host);

/// <summary>An output on its way to the host: as its file will look when it is there.</summary>
internal sealed record ArrivingFile(long SizeBytes, long ModifiedNs);

/// <summary>
/// What is known about changes between two commands: what each was based on, and what was already brought. A lost or
/// broken ledger costs transfers and known conflicts, never a file.
/// </summary>
internal sealed class ChangeLedger
{
    internal const int CurrentVersion = 1;
    private readonly string path;
    private Content content;

    private ChangeLedger(string path, Content content, Dictionary<ProjectPath, ArrivingFile> arriving)
    {
        this.path = path;
        this.content = content;
        Arriving = arriving;
    }

    /// <summary>What a process that was killed was bringing. What of it lies there as announced is the machine's.</summary>
    public Dictionary<ProjectPath, ArrivingFile> Arriving { get; }

    public Dictionary<ProjectPath, BroughtFile> Brought => content.Brought;

    public Dictionary<ProjectPath, HeldBase> Held => content.Held;

    public DateTimeOffset? LastListed => content.LastListed;

    public static ChangeLedger Load(string machineFolder)
    {
        var path = FileIn(machineFolder);
        // One of a machine that was destroyed: what it brought is still there.
        var content = LedgerFile.TryRead(path) ?? (File.Exists(path) ? null : LedgerFile.TryRead(OutlivingFile.KeptPath(machineFolder, OutlivingFile.Ledger)));
        return new ChangeLedger(path, content is { Version: CurrentVersion } ? content : Content.Empty, LedgerFile.ReadArriving(ArrivingFileOf(path)));
    }

    /// <summary>Written before the first file: should this process be killed, the next one knows these for the machine's own.</summary>
    public void Expect(IReadOnlyCollection<(ProjectPath Path, ArrivingFile File)> files)
    {
        if (files.Count > 0)
        {
            LedgerFile.WriteArriving(ArrivingFileOf(path), files);
        }
    }

    /// <summary>Nothing is on its way any more; call it when the ledger is saved.</summary>
    public void Arrived()
    {
        Arriving.Clear();
        File.Delete(ArrivingFileOf(path));
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

    private static string FileIn(string machineFolder) => Path.Combine(machineFolder, OutlivingFile.Ledger);

    private static string ArrivingFileOf(string path) => path + ".arriving";

    internal sealed record Content(
        int Version, string? UpperId, DateTimeOffset? LastListed, Dictionary<ProjectPath, BroughtFile> Brought, Dictionary<ProjectPath, HeldBase> Held)
    {
        public static Content Empty => new(CurrentVersion, null, null, [], []);
    }
}
