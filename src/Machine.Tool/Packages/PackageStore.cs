using System.Text.Json;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// Verified packages of NuGet, once per host by content hash (<see cref="ContentStore"/>);
/// <c>index/SOURCE/_id/version.json</c> says which source gave which content for a name.
/// Equal names of two sources never meet: a project sees only entries of the sources that its own configuration names.
/// </summary>
/// <param name="most">Bytes of content to keep; null: a tenth of the disk, at most 20 GiB.</param>
internal sealed class PackageStore(string folder, ILogger log, long? most = null)
{
    private readonly ContentStore content = new(folder, ".nupkg", log, most);

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

    /// <inheritdoc cref="ContentStore.Holds"/>
    public bool Holds(StoredPackage package) => content.Holds(package.Hash, package.SizeBytes);

    /// <inheritdoc cref="ContentStore.OpenAsync"/>
    public Task<FileStream?> OpenAsync(StoredPackage package, CancellationToken cancel) => content.OpenAsync(package.Hash, $"{package.Id} {package.Version}", cancel);

    /// <inheritdoc cref="ContentStore.NewTemporaryFile"/>
    public string NewTemporaryFile() => content.NewTemporaryFile();

    /// <summary>Takes a verified download in: content first, then the index entry that makes it visible.</summary>
    public async Task<StoredPackage> AddAsync(
        string temporaryFile, string sourceKey, string sourceName, string id, string version, PackageVerdict verdict, CancellationToken cancel)
    {
        var (hash, size) = await content.MeasureAsync(temporaryFile, cancel);
        content.Add(temporaryFile, hash, size);
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
        return package;
    }

    /// <inheritdoc cref="ContentStore.Trim()"/>
    public void Trim() => content.Trim();

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

    /// <summary>Writes what is known of a kept package.</summary>
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

    // The underscore: an id like "con" or "nul" is a device on Windows.
    private string IndexFolder(string sourceKey, string id) => Path.Combine(folder, "index", sourceKey, "_" + id);

    private string DecisionFile(string list, string id, string version) => Path.Combine(folder, "decisions", list, "_" + id, version + ".txt");

    private string IndexFile(string sourceKey, string id, string version) => Path.Combine(IndexFolder(sourceKey, id), version + ".json");
}
