using System.Security.Cryptography;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// Files by the hash of their bytes, once per host and read-only: <c>sha512/aa/HASH.EXTENSION</c>, and below <c>sha256</c> what its registry names so. Packages of
/// all kinds lie side by side, and what was not used for the longest time goes first, whichever it is.
/// </summary>
/// <param name="extension">With its dot.</param>
/// <param name="most">Bytes of content to keep; null: a tenth of the disk, at most 20 GiB.</param>
/// <param name="isSha256">Named by SHA-256 instead of SHA-512.</param>
internal sealed class ContentStore(string folder, string extension, ILogger log, long? most = null, bool isSha256 = false)
{
    private const string Sha512 = "sha512";
    private const string Sha256 = "sha256";
    private const long MostAnswers = 1L << 30;
    private const long LookAgain = 1L << 30;

    // Longer than a download or a restore needs between finding a package and reading it to its end.
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(15);

    private long added;

    /// <summary>Cheap: the content is there and as long as it was. <see cref="OpenAsync"/> looks at every byte.</summary>
    public bool Holds(string hash, long sizeBytes) => new FileInfo(ContentFile(hash)) is { Exists: true } file && file.Length == sizeBytes;

    /// <summary>
    /// Opens the content after hashing it anew (about a gigabyte a second): what a disk or a person changed is dropped,
    /// never served. Null when it is gone or was changed.
    /// </summary>
    /// <param name="hash">Lower-case hex digits.</param>
    /// <param name="what">Its name, for the log.</param>
    public async Task<FileStream?> OpenAsync(string hash, string what, CancellationToken cancel)
    {
        var path = ContentFile(hash);
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
            if (await HashAsync(stream, cancel) == hash)
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
        log.LogWarning("the kept package {What} does not match its hash any more; it is dropped and downloaded anew", what);
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

        return Path.Combine(incoming, $"{Guid.NewGuid():N}{extension}");
    }

    /// <summary>The hash of a download, and its size in bytes.</summary>
    public async Task<(string Hash, long SizeBytes)> MeasureAsync(string temporaryFile, CancellationToken cancel)
    {
        await using var stream = new FileStream(temporaryFile, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return (await HashAsync(stream, cancel), stream.Length);
    }

    /// <summary>Takes a verified download in, under the hash that was measured.</summary>
    public void Add(string temporaryFile, string hash, long sizeBytes)
    {
        var path = ContentFile(hash);
        MachinePaths.CreatePrivate(Path.GetDirectoryName(path)!);
        MakeReadOnly(temporaryFile);
        Touch(temporaryFile);
        Delete(path);
        File.Move(temporaryFile, path, overwrite: true);
        if (Interlocked.Add(ref added, sizeBytes) > LookAgain)
        {
            Trim();
        }
    }

    /// <summary>Deletes what was not used for the longest time, where there is too much. What is open is read to its end all the same.</summary>
    public void Trim()
    {
        Interlocked.Exchange(ref added, 0);
        Trim(most ?? Quota(), Sha512, Sha256);
        TrimAnswers();
    }

    /// <summary>Deletes documents, which can be fetched again at any time.</summary>
    public void TrimAnswers() => Trim(MostAnswers, "answers");

    private void Trim(long limit, params IReadOnlyList<string> parts)
    {
        try
        {
            var files = parts.Select(part => new DirectoryInfo(Path.Combine(folder, part))).Where(part => part.Exists)
                .SelectMany(part => part.EnumerateFiles("*", SearchOption.AllDirectories)).ToList();
            var total = files.Sum(file => file.Length);
            if (total <= limit)
            {
                return;
            }

            // One of the future was left by a clock that was wrong: it is nobody's.
            var (before, newest, now) = (total, DateTime.UtcNow - (parts is ["answers"] ? TimeSpan.Zero : InUse), DateTime.UtcNow.AddMinutes(1));
            foreach (var file in files.Where(file => file.LastWriteTimeUtc < newest || file.LastWriteTimeUtc > now).OrderBy(file => file.LastWriteTimeUtc > now ? DateTime.MinValue : file.LastWriteTimeUtc).TakeWhile(_ => total > limit / 10 * 9))
            {
                Delete(file.FullName);
                total -= file.Length;
            }

            log.LogInformation("{Part}: {Bytes} bytes that were not used for the longest time are deleted, {Left} are kept", parts[0], before - total, total);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another supervisor trims at the same time; the next look finds what is left.
            log.LogInformation("{Part} not trimmed: {Reason}", parts[0], e.Message);
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

    private async Task<string> HashAsync(Stream stream, CancellationToken cancel) =>
        Convert.ToHexStringLower(isSha256 ? await SHA256.HashDataAsync(stream, cancel) : await SHA512.HashDataAsync(stream, cancel));

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

    private string ContentFile(string hash) => Path.Combine(folder, isSha256 ? Sha256 : Sha512, hash[..2], hash + extension);
}
