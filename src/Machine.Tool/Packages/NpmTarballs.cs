using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// Files of npm packages by the SHA-512 that their document publishes, once per host: the registry gives each file once, whichever machine or project asks,
/// and nothing is kept or served that has another hash.
/// </summary>
internal sealed class NpmTarballs(string folder, NpmUpstream upstream, ILogger log)
{
    private const long MaximumTarball = 2L << 30;
    private static readonly TimeSpan TarballLimit = TimeSpan.FromMinutes(30);

    private readonly ContentStore content = new(folder, ".tgz", log);
    private readonly SingleFlight<bool> downloads = new();

    /// <summary>The SHA-512 of an <c>integrity</c> as 128 lower-case hex digits; null where it publishes none.</summary>
    /// <param name="integrity">Several hashes, with blanks between them.</param>
    public static string? Sha512Of(string? integrity)
    {
        const string Kind = "sha512-";
        Span<byte> bytes = stackalloc byte[SHA512.HashSizeInBytes + 3];
        foreach (var word in (integrity ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(word => word.StartsWith(Kind, StringComparison.Ordinal)))
        {
            // What follows a question mark are options.
            if (Convert.TryFromBase64String(word[Kind.Length..].Split('?')[0], bytes, out var count) && count == SHA512.HashSizeInBytes)
            {
                return Convert.ToHexStringLower(bytes[..count]);
            }
        }

        return null;
    }

    /// <summary>A file whose hash is what the document says; the caller disposes it.</summary>
    /// <param name="hash">See <see cref="Sha512Of"/>.</param>
    /// <exception cref="FeedException">The registry can't be reached, or sent another file.</exception>
    public async Task<FileStream> OpenAsync(string name, string version, NpmTarball tarball, string hash, CancellationToken cancel)
    {
        for (var attempts = 0; attempts < 3; attempts++)
        {
            if (await content.OpenAsync(hash, $"{name} {version}", cancel) is { } kept)
            {
                return kept;
            }

            await downloads.RunAsync(hash, token => DownloadAsync(name, version, tarball, hash, token), cancel);
        }

        throw FeedException.Upstream($"the kept file of {name} {version} is damaged again and again; look at the host's disk");
    }

    private async Task<bool> DownloadAsync(string name, string version, NpmTarball tarball, string hash, CancellationToken cancel)
    {
        var file = content.NewTemporaryFile();
        try
        {
            await ReadAsync(name, version, tarball, file, cancel);
            var (measured, size) = await ContentStore.MeasureAsync(file, cancel);
            if (measured != hash)
            {
                throw FeedException.Upstream($"the npm registry sent another file for {name} {version} than its document says: the hash differs");
            }

            content.Add(file, hash, size);
            return true;
        }
        catch (IOException e)
        {
            throw FeedException.Upstream($"the host can't keep {name} {version}: {Redaction.Reason(e.Message.Replace(file, "the file", StringComparison.Ordinal))}", e);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task ReadAsync(string name, string version, NpmTarball tarball, string file, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(TarballLimit);
        await using var written = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
        await using var bounded = new BoundedStream(written, MaximumTarball);
        try
        {
            using var response = await upstream.TarballAsync(name, tarball, deadline.Token);
            await using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
            await body.CopyToAsync(bounded, deadline.Token);
        }
        catch (Exception e) when (e is HttpIOException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw FeedException.Upstream($"the npm registry broke off while it sent {name} {version}", e);
        }
    }
}
