using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Build;

/// <summary>
/// Where one image (or warm template) is being made: a sibling of the finished ones that counts for nothing until it is renamed.
/// Held under its lock, so that what lies about under a free lock is a dead build's.
/// </summary>
internal sealed class BuildFolder : IAsyncDisposable
{
    /// <summary>How the name of a folder begins that is no image yet, or no more.</summary>
    public const string Prefix = ".build-";

    private readonly string target;
    private readonly FileLock held;

    private BuildFolder(string path, string target, FileLock held)
    {
        Path = path;
        this.target = target;
        this.held = held;
    }

    public string Path { get; }

    public static async Task<BuildFolder> BeginAsync(string store, string hash, IProgressSink progress, CancellationToken cancel)
    {
        var held = await FileLock.AcquireAsync(LockFile(store, hash), () => progress.Note("another command builds it: waiting for that"), cancel);
        try
        {
            foreach (var dead in Directory.EnumerateDirectories(store, $"{Prefix}{hash}-*"))
            {
                await DeadBuild.RemoveAsync(dead);
            }

            var path = MachinePaths.CreatePrivate(System.IO.Path.Combine(store, $"{Prefix}{hash}-{AtomicDelete.NewName()}"));
            return new BuildFolder(path, System.IO.Path.Combine(store, hash), held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Deletes what builds left that were killed.</summary>
    public static async Task SweepAsync(string store)
    {
        foreach (var folder in Directory.Exists(store) ? Directory.GetDirectories(store, Prefix + "*") : [])
        {
            var hash = System.IO.Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            using var held = FileLock.TryAcquire(LockFile(store, hash));
            if (held is not null)
            {
                await DeadBuild.RemoveAsync(folder);
            }
        }
    }

    public static string LockFile(string store, string hash)
    {
        MachinePaths.CreatePrivate(store);
        OwnFolder.RequireMine(store);
        return System.IO.Path.Combine(MachinePaths.CreatePrivate(System.IO.Path.Combine(store, ".locks")), hash + ".lock");
    }

    /// <summary>From here on it is an image. What only the build needed is gone.</summary>
    public async Task CommitAsync(IEnumerable<string> keep)
    {
        var kept = keep.ToHashSet(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos().Where(entry => !kept.Contains(entry.Name)))
        {
            if (entry is DirectoryInfo { LinkTarget: null } folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }

        // A folder of this name that is no image (its image.json is broken) makes room.
        if (Directory.Exists(target))
        {
            await PrivateNamespace.DeleteAsync(target);
        }

        Directory.Move(Path, target);
    }

    public async ValueTask DisposeAsync()
    {
        await PrivateNamespace.DeleteAsync(Path);
        held.Dispose();
    }
}
