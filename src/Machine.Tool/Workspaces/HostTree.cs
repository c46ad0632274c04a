using System.Security.Cryptography;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces;

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
/// The project's folder on the host, for reading and writing by paths that came out of the guest: no link is ever
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

    public abstract HostStat Stat(string path);

    /// <summary>Where the link at <paramref name="path"/> leads; null when it is none.</summary>
    public abstract string? ReadLink(string path);

    /// <exception cref="HostRefusalException">It is not a file, or a link is on the way.</exception>
    public abstract Stream OpenRead(string path);

    /// <summary>Creates or replaces a file: written beside it, then renamed. Missing folders are made.</summary>
    /// <param name="durable">Flushed to disk before the rename (a person's sources; outputs can be built again).</param>
    /// <exception cref="HostRefusalException">The place can't be written: a link or a file on the way, a folder at the place.</exception>
    /// <exception cref="MachineException">The disk is full.</exception>
    public abstract Task WriteFileAsync(string path, bool executable, DateTimeOffset modified, bool durable, Func<Stream, Task> write);

    public abstract void WriteLink(string path, string target);

    /// <summary>Removes a file or a link; a missing one is no error.</summary>
    public abstract void DeleteFile(string path);

    /// <summary>Removes a folder when it is empty; says whether it did.</summary>
    public abstract bool TryDeleteFolder(string path);

    /// <summary>Files and links below a folder, with '/', and the folders, deepest first. No link is followed.</summary>
    public (List<string> Files, List<string> Folders) Enumerate(string folder, int most)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = false, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        var files = new List<string>();
        var folders = new List<string>();
        var pending = new Stack<string>([folder]);
        while (pending.TryPop(out var next))
        {
            folders.Add(next);
            if (Stat(next).Kind != HostKind.Folder)
            {
                continue;
            }

            foreach (var entry in new DirectoryInfo(Path.Combine(Root, next)).EnumerateFileSystemInfos("*", options))
            {
                var path = $"{next}/{entry.Name}";
                if (entry is DirectoryInfo && entry.LinkTarget is null)
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

    public string Sha256(string path)
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

    /// <summary>Paths are judged before they come here; this is the last line, for a caller's mistake.</summary>
    protected static (string Folder, string Name) Split(string path)
    {
        foreach (var name in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(name) is "" or "." or "..")
            {
                throw new InvalidOperationException($"not a path of the project: {Tainted.Line(path)}");
            }
        }

        var slash = path.LastIndexOf('/');
        return slash < 0 ? ("", path) : (path[..slash], path[(slash + 1)..]);
    }

    // There is no asynchronous fsync.
    protected static void Finish(FileStream stream, bool durable) => stream.Flush(durable);

    protected MachineException DiskFull(string path, Exception inner) => new(
        $"the disk is full: {Tainted.Line(path)} could not be written to {Root}",
        "free some space and run the command again; nothing was half-written",
        inner: inner);

    // Asks for a name that exists in the other case; needs no write where the folder has one name with a letter.
    private bool ProbeCase()
    {
        var name = new DirectoryInfo(Root).EnumerateFileSystemInfos().Select(entry => entry.Name).FirstOrDefault(n => Flip(n) != n);
        if (name is not null)
        {
            return Stat(Flip(name)) is var other && other.Kind != HostKind.Missing && other == Stat(name);
        }

        var probe = Path.Combine(Root, TaintedPath.TemporaryName);
        try
        {
            File.WriteAllText(probe, "");
            return Stat(Flip(TaintedPath.TemporaryName)).Kind != HostKind.Missing;
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
