namespace Machine.Tool.Packages;

/// <summary>
/// Files by the hash that their publisher's document names, once per host: a publisher gives each file once, whichever machine or project asks, and nothing is
/// kept or served that has another hash.
/// </summary>
/// <param name="publisher">As errors name it: <c>the npm registry</c>.</param>
/// <param name="document">What names the hashes: <c>document</c>, <c>page</c>.</param>
/// <param name="limit">For one download as a whole.</param>
internal sealed class PublishedFiles(ContentStore content, string publisher, string document, TimeSpan limit)
{
    private readonly SingleFlight<bool> downloads = new();

    /// <summary>A file whose hash is what the document says; the caller disposes it.</summary>
    /// <param name="hash">Lower-case hex digits, of the store's own kind.</param>
    /// <param name="what">Its name, for errors and the log.</param>
    /// <param name="most">Bytes.</param>
    /// <param name="ask">Asks the publisher; headers read.</param>
    /// <exception cref="FeedException">The publisher can't be reached, or sent another file.</exception>
    public async Task<FileStream> OpenAsync(string hash, string what, long most, Func<CancellationToken, Task<HttpResponseMessage>> ask, CancellationToken cancel)
    {
        for (var attempts = 0; attempts < 3; attempts++)
        {
            if (await content.OpenAsync(hash, what, cancel) is { } kept)
            {
                return kept;
            }

            await downloads.RunAsync(hash, token => DownloadAsync(hash, what, most, ask, token), cancel);
        }

        throw FeedException.Upstream($"the kept file of {what} is damaged again and again; look at the host's disk");
    }

    private async Task<bool> DownloadAsync(string hash, string what, long most, Func<CancellationToken, Task<HttpResponseMessage>> ask, CancellationToken cancel)
    {
        var file = content.NewTemporaryFile();
        try
        {
            await ReadAsync(file, what, most, ask, cancel);
            var (measured, size) = await content.MeasureAsync(file, cancel);
            if (measured != hash)
            {
                throw FeedException.Upstream($"{publisher} sent another file for {what} than its {document} says: the hash differs");
            }

            content.Add(file, hash, size);
            return true;
        }
        catch (IOException e)
        {
            throw FeedException.Upstream($"the host can't keep {what}: {Redaction.Reason(e.Message.Replace(file, "the file", StringComparison.Ordinal))}", e);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task ReadAsync(string file, string what, long most, Func<CancellationToken, Task<HttpResponseMessage>> ask, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(limit);
        await using var written = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
        await using var bounded = new BoundedStream(written, most);
        try
        {
            using var response = await ask(deadline.Token);
            await using var body = await response.Content.ReadAsStreamAsync(deadline.Token);
            await body.CopyToAsync(bounded, deadline.Token);
        }
        catch (Exception e) when (e is HttpIOException or HttpRequestException or InvalidDataException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw FeedException.Upstream($"{publisher} broke off while it sent {what}", e);
        }
    }
}
