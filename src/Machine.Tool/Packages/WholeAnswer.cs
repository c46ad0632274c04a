namespace Machine.Tool.Packages;

/// <summary>Reads what a registry answers, whole and bounded: an answer can be endless, in bytes and in time.</summary>
internal static class WholeAnswer
{
    /// <param name="registry">As errors name it: <c>the npm registry</c>.</param>
    /// <param name="what">What was asked for.</param>
    /// <param name="most">Bytes.</param>
    /// <exception cref="FeedException">It is longer, or broke off.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, string registry, string what, long most, TimeSpan limit, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(limit);
        using var bytes = new MemoryStream();
        await using var bounded = new BoundedStream(bytes, most);
        try
        {
            await body.CopyToAsync(bounded, deadline.Token);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw FeedException.Upstream($"{registry} broke off while it sent {what}", e);
        }

        return bytes.ToArray();
    }
}
