using System.IO.Enumeration;
using System.Security.Cryptography;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Host;

internal enum HostKind
{
    Missing,
    File,
    Link,
    Folder,

    /// <summary>A device, socket or pipe.</summary>
    Other,

    /// <summary>A folder on the way is a link or a file: nothing is read or written through it.</summary>
    Blocked,
}

/// <summary>What the host has at a path. Times are nanoseconds since 1970; <paramref name="ChangedNs"/> is the inode's (ctime).</summary>
internal sealed record HostStat(HostKind Kind, long SizeBytes, long ModifiedNs, long ChangedNs, bool Executable)
{
    public static HostStat Missing { get; } = new(HostKind.Missing, 0, 0, 0, Executable: false);

    public static HostStat Blocked { get; } = new(HostKind.Blocked, 0, 0, 0, Executable: false);
}

/// <summary>The host would not let one file be written or removed; the others go on.</summary>
internal sealed class HostRefusalException(string reason) : Exception(reason);

/// <summary>
/// The project's folder on the host, for reading and writing by paths that came out of the guest and were parsed: no link is ever
/// followed, nothing outside is ever touched, and a file is whole or not there. Not for use by two threads.
/// </summary>
internal abstract class HostTree(string root) : IDisposable
{
    private bool? foldsCase;

    public string Root { get; } = root;

    /// <summary>Whether <c>a</c> and <c>A</c> are one file in this folder.</summary>
    public bool FoldsCase
    {
        get => foldsCase ??= ProbeCase();
        init => foldsCase = value;
    }

    public static HostTree Open(string root) => OperatingSystem.IsWindows() ? new PortableHostTree(root) : new UnixHostTree(root);

    public abstract HostStat Stat(ProjectPath path);

    /// <summary>Where the link at <paramref name="path"/> leads; null when it is none.</summary>
    public abstract string? ReadLink(ProjectPath path);

    /// <exception cref="HostRefusalException">It is not a file, or a link is on the way.</exception>
    public abstract Stream OpenRead(ProjectPath path);

    /// <summary>Creates or replaces a file: written beside it, then renamed. Missing folders are made.</summary>
    /// <param name="durable">Flushed to disk before the rename (a person's sources; outputs can be built again).</param>
    /// <exception cref="HostRefusalException">The place can't be written: a link or a file on the way, a folder at the place.</exception>
    /// <exception cref="MachineException">The disk is full.</exception>
    public abstract Task WriteFileAsync(ProjectPath path, bool executable, DateTimeOffset modified, bool durable, Func<Stream, Task> write);

    public abstract void WriteLink(ProjectPath path, string target);

    /// <summary>Removes a file or a link; a missing one is no error.</summary>
    public abstract void DeleteFile(ProjectPath path);

    /// <summary>Removes a folder when it is empty; says whether it did.</summary>
    public abstract bool TryDeleteFolder(ProjectPath path);

    /// <summary>Files and links below a folder, and the folders, deepest first. No link is followed.</summary>
    public (List<ProjectPath> Files, List<ProjectPath> Folders) Enumerate(ProjectPath folder, int most)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = false, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        var files = new List<ProjectPath>();
        var folders = new List<ProjectPath>();
        var pending = new Stack<ProjectPath>([folder]);
        while (pending.TryPop(out var next))
        {
            folders.Add(next);
            if (Stat(next).Kind != HostKind.Folder)
            {
                continue;
            }

            var entries = new FileSystemEnumerable<(ProjectPath Path, bool IsFolder)>(
                Path.Combine(Root, next.Text), (ref entry) => (next.Entry(ref entry), entry.ToFileSystemInfo() is DirectoryInfo { LinkTarget: null }), options);
            foreach (var (path, isFolder) in entries)
            {
                if (isFolder)
                {
                    pending.Push(path);
                }
                else
                {
                    files.Add(path);
                }

                if (files.Count + folders.Count > most)
                {
                    throw new HostRefusalException($"the host's folder holds more than {most} files");
                }
            }
        }

        folders.Reverse();
        return (files, folders);
    }

    public string Sha256(ProjectPath path)
    {
        using var stream = OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }

    // There is no asynchronous fsync.
    protected static void Finish(FileStream stream, bool durable) => stream.Flush(durable);

    protected MachineException DiskFull(ProjectPath path, Exception inner) => new(
        $"the disk is full: {Tainted.Line(path.Text)} could not be written to {Root}",
        "free some space and run the command again; nothing was half-written",
        inner: inner);

    // Asks for a name that exists in the other case; needs no write where the folder has one name with a letter.
    private bool ProbeCase()
    {
        var (name, flipped) = new DirectoryInfo(Root).EnumerateFileSystemInfos().Select(entry => (Name: ProjectPath.From(entry.Name), Flipped: ProjectPath.From(Flip(entry.Name))))
            .FirstOrDefault(pair => pair.Name is not null && pair.Flipped is not null && pair.Name != pair.Flipped);
        if (name is not null)
        {
            return Stat(flipped!) is var other && other.Kind != HostKind.Missing && other == Stat(name);
        }

        var probe = Path.Combine(Root, ProjectPath.TemporaryName);
        try
        {
            File.WriteAllText(probe, "");
            return File.Exists(Path.Combine(Root, Flip(ProjectPath.TemporaryName)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();
        }
        finally
        {
            File.Delete(probe);
        }
    }

    private static string Flip(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterUpper(c) ? char.ToLowerInvariant(c) : char.IsAsciiLetterLower(c) ? char.ToUpperInvariant(c) : c));
}
