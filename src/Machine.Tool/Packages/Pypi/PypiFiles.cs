using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages.Pypi;

/// <summary>
/// Files of Python's packages by the SHA-256 that their index publishes, once per host: an index gives each file once, whichever machine or project asks, and
/// nothing is kept or served that has another hash.
/// </summary>
internal sealed class PypiFiles(string folder, PypiUpstream upstream, ILogger log)
{
    private readonly ContentStore content = new(folder, ".pypi", log, isSha256: true);
    private readonly SingleFlight<bool> downloads = new();

    public static TimeSpan Limit { get; } = TimeLimit.Minutes(60);

    /// <summary>A file whose hash is what the page says; the caller disposes it.</summary>
    /// <param name="address">The file's own, or that of its metadata.</param>
    /// <param name="hash">64 lower-case hex digits.</param>
    /// <param name="most">Bytes.</param>
    /// <exception cref="FeedException">The index can't be reached, or sent another file.</exception>
    public async Task<FileStream> OpenAsync(PypiFile file, Uri address, string hash, long most, CancellationToken cancel)
    {
        for (var attempts = 0; attempts < 3; attempts++)
        {
            if (await content.OpenAsync(hash, file.Name, cancel) is { } kept)
            {
                return kept;
            }

            await downloads.RunAsync(hash, token => DownloadAsync(file, address, hash, most, token), cancel);
        }

        throw FeedException.Upstream($"the kept file {file.Name} is damaged again and again; look at the host's disk");
    }

    private async Task<bool> DownloadAsync(PypiFile file, Uri address, string hash, long most, CancellationToken cancel)
    {
        var place = content.NewTemporaryFile();
        try
        {
            await ReadAsync(file, address, place, most, cancel);
            var (measured, size) = await ContentStore.MeasureAsync(place, cancel, isSha256: true);
            if (measured != hash)
            {
                throw FeedException.Upstream($"the package index sent another file for {file.Name} than its page says: the hash differs");
            }

            content.Add(place, hash, size);
            return true;
        }
        catch (IOException e)
        {
            throw FeedException.Upstream($"the host can't keep {file.Name}: {Redaction.Reason(e.Message.Replace(place, "the file", StringComparison.Ordinal))}", e);
        }
        finally
        {
            File.Delete(place);
        }
    }

    private async Task ReadAsync(PypiFile file, Uri address, string place, long most, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Limit);
        await using var written = new FileStream(place, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
        await using var bounded = new BoundedStream(written, most);
        try
        {
            using var response = await upstream.FileAsync(file, address, deadline.Token);
            await using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
            await body.CopyToAsync(bounded, deadline.Token);
        }
        catch (Exception e) when (e is HttpIOException or HttpRequestException or InvalidDataException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw FeedException.Upstream($"the package index broke off while it sent {file.Name}", e);
        }
    }
}
