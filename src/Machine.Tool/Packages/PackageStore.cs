using System.Security.Cryptography;
using System.Text.Json;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// Verified packages, once per host by content hash. <c>sha512/aa/HASH.nupkg</c> is the content, read-only;
/// <c>index/SOURCE/_id/version.json</c> says which source gave which content for a name.
/// Equal names of two sources never meet: a project sees only entries of the sources that its own configuration names.
/// </summary>
/// <param name="most">Bytes of content to keep; null: a tenth of the disk, at most 20 GiB.</param>
internal sealed class PackageStore(string folder, ILogger log, long? most = null)
{
    private const long MostAnswers = 1L << 30;
    private const long LookAgain = 1L << 30;

    // Longer than a download or a restore needs between finding a package and reading it to its end.
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(15);

    private long added;

    public StoredPackage? Find(string sourceKey, string id, string version)
    {
        var path = IndexFile(sourceKey, id, version);
        try
        {
            return JsonState.Read<StoredPackage>(path);
        }
        catch (JsonException e)
        {
            log.LogWarning("the package index file {Path} is broken and is dropped: {Reason}", path, e.Message);
            File.Delete(path);
            return null;
        }
    }

    /// <summary>The versions of a package that are kept, for the time when their source can't be reached.</summary>
    public IReadOnlyList<string> Versions(string sourceKey, string id)
    {
        var index = IndexFolder(sourceKey, id);
        return Directory.Exists(index)
            ? [.. Directory.EnumerateFiles(index, "*.json")
                .Select(file => Path.GetFileNameWithoutExtension(file))
                .Where(version => Find(sourceKey, id, version) is { } package && Holds(package))]
            : [];
    }

    /// <summary>Cheap: the content is there and as long as it was. <see cref="OpenAsync"/> looks at every byte.</summary>
    public bool Holds(StoredPackage package) => new FileInfo(ContentFile(package.Hash)) is { Exists: true } file && file.Length == package.SizeBytes;

    /// <summary>
    /// Opens the content after hashing it anew (about a gigabyte a second): what a disk or a person changed is dropped,
    /// never served. Null when it is gone or was changed.
    /// </summary>
    public async Task<FileStream?> OpenAsync(StoredPackage package, CancellationToken cancel)
    {
        var path = ContentFile(package.Hash);
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        try
        {
            if (await HashAsync(stream, cancel) == package.Hash)
            {
                stream.Position = 0;
                Touch(path);
                return stream;
            }
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        await stream.DisposeAsync();
        log.LogWarning("the kept package {Id} {Version} does not match its hash any more; it is dropped and downloaded anew", package.Id, package.Version);
        Delete(path);
        return null;
    }

    /// <summary>A new empty file for a download, on the same file system as its later place.</summary>
    public string NewTemporaryFile()
    {
        var incoming = MachinePaths.CreatePrivate(Path.Combine(folder, "incoming"));
        // What a supervisor that was killed left half-done; no download takes a day.
        foreach (var old in Directory.EnumerateFiles(incoming).Where(file => File.GetLastWriteTimeUtc(file) < DateTime.UtcNow.AddDays(-1)))
        {
            Delete(old);
        }

        return Path.Combine(incoming, $"{Guid.NewGuid():N}.nupkg");
    }

    /// <summary>Takes a verified download in: content first, then the index entry that makes it visible.</summary>
    public async Task<StoredPackage> AddAsync(
        string temporaryFile, string sourceKey, string sourceName, string id, string version, PackageVerdict verdict, CancellationToken cancel)
    {
        string hash;
        long size;
        await using (var stream = new FileStream(temporaryFile, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan))
        {
            hash = await HashAsync(stream, cancel);
            size = stream.Length;
        }

        var path = ContentFile(hash);
        MachinePaths.CreatePrivate(Path.GetDirectoryName(path)!);
        MakeReadOnly(temporaryFile);
        Touch(temporaryFile);
        Delete(path);
        File.Move(temporaryFile, path, overwrite: true);
        var package = new StoredPackage
        {
            Id = verdict.Id,
            Version = version,
            Source = sourceName,
            Hash = hash,
            SizeBytes = size,
            Signature = verdict.Signature,
            Policy = verdict.Policy,
            Added = DateTimeOffset.UtcNow,
        };
        WriteIndex(sourceKey, package);
        if (Interlocked.Add(ref added, size) > LookAgain)
        {
            Trim();
        }

        return package;
    }

    /// <summary>Deletes what was not used for the longest time, where there is too much. What is open is read to its end all the same.</summary>
    public void Trim()
    {
        Interlocked.Exchange(ref added, 0);
        Trim("sha512", most ?? Quota());
        Trim("answers", MostAnswers);
    }

    /// <summary>Which source gave a package when all before it in this list were asked; null where that is not known.</summary>
    public string? Decision(string list, string id, string version)
    {
        try
        {
            return File.ReadAllText(DecisionFile(list, id, version)) is { Length: 64 } source ? source : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <param name="list">A hash of the sources in their order.</param>
    public void Decide(string list, string id, string version, string sourceKey)
    {
        var path = DecisionFile(list, id, version);
        MachinePaths.CreatePrivate(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllText(temporary, sourceKey);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Remembers that a kept package was verified under another policy.</summary>
    public void WriteIndex(string sourceKey, StoredPackage package)
    {
        MachinePaths.CreatePrivate(IndexFolder(sourceKey, package.Id.ToLowerInvariant()));
        JsonState.Write(IndexFile(sourceKey, package.Id.ToLowerInvariant(), package.Version), package);
    }

    /// <summary>Keeps other supervisors of this host from downloading the same package at the same time; a handful of names share a lock.</summary>
    public Task<FileLock> LockAsync(string id, string version, CancellationToken cancel)
    {
        var locks = MachinePaths.CreatePrivate(Path.Combine(folder, "locks"));
        return FileLock.AcquireAsync(Path.Combine(locks, ShortHash.Of($"{id}/{version}")[..3] + ".lock"), null, cancel);
    }

    private void Trim(string part, long limit)
    {
        try
        {
            var files = Directory.Exists(Path.Combine(folder, part))
                ? new DirectoryInfo(Path.Combine(folder, part)).EnumerateFiles("*", SearchOption.AllDirectories).ToList()
                : [];
            var total = files.Sum(file => file.Length);
            if (total <= limit)
            {
                return;
            }

            var (before, newest) = (total, DateTime.UtcNow - InUse);
            foreach (var file in files.Where(file => file.LastWriteTimeUtc < newest).OrderBy(file => file.LastWriteTimeUtc).TakeWhile(_ => total > limit / 10 * 9))
            {
                Delete(file.FullName);
                total -= file.Length;
            }

            log.LogInformation("{Part}: {Bytes} bytes that were not used for the longest time are deleted, {Left} are kept", part, before - total, total);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another supervisor trims at the same time; the next look finds what is left.
            log.LogInformation("{Part} not trimmed: {Reason}", part, e.Message);
        }
    }

    private long Quota()
    {
        const long Most = 20L << 30;
        try
        {
            return Math.Clamp(new DriveInfo(Path.GetFullPath(folder)).TotalSize / 10, 1L << 30, Most);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Most;
        }
    }

    // When it was last used: the time of the last write means nothing else for a file that nobody writes.
    private static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It was deleted, or the disk is read-only: then nothing is deleted either.
        }
    }

    private static async Task<string> HashAsync(Stream stream, CancellationToken cancel) =>
        Convert.ToHexStringLower(await SHA512.HashDataAsync(stream, cancel));

    private static void MakeReadOnly(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            File.SetAttributes(path, FileAttributes.ReadOnly);
        }
        else
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead);
        }
    }

    private static void Delete(string path)
    {
        if (OperatingSystem.IsWindows() && File.Exists(path))
        {
            File.SetAttributes(path, FileAttributes.Normal);
        }

        if (Directory.Exists(Path.GetDirectoryName(path)))
        {
            File.Delete(path);
        }
    }

    private string ContentFile(string hash) => Path.Combine(folder, "sha512", hash[..2], hash + ".nupkg");

    // The underscore: an id like "con" or "nul" is a device on Windows.
    private string IndexFolder(string sourceKey, string id) => Path.Combine(folder, "index", sourceKey, "_" + id);

    private string DecisionFile(string list, string id, string version) => Path.Combine(folder, "decisions", list, "_" + id, version + ".txt");

    private string IndexFile(string sourceKey, string id, string version) => Path.Combine(IndexFolder(sourceKey, id), version + ".json");
}
