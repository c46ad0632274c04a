using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>The registry of the host's npm configuration, with the host's tokens.</summary>
internal sealed class NpmUpstream(NpmAnswers answers, ILogger log) : IDisposable
{
    private const string Abbreviated = "application/vnd.npm.install-v1+json";
    private const int MaximumDocument = 256 << 20;
    private const int MaximumAdvice = 32 << 20;
    private static readonly TimeSpan DocumentLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(5);

    private readonly SingleFlight<byte[]> documents = new();
    private readonly SemaphoreSlim gate = new(1);
    private (HostNpm Npm, HttpClient Client, DateTimeOffset Time)? current;

    public void Dispose()
    {
        current?.Client.Dispose();
        gate.Dispose();
    }

    /// <summary>The package's document, as small as npm takes it where <paramref name="abbreviated"/>; what is kept stands in for a registry that can't be reached.</summary>
    public Task<byte[]> DocumentAsync(string name, bool abbreviated, CancellationToken cancel) =>
        documents.RunAsync($"{name} {abbreviated}", token => KeptOrNewAsync(name, abbreviated, token), cancel);

    /// <summary>What the registry knows about versions.</summary>
    /// <param name="path">Below the registry.</param>
    /// <param name="question">JSON.</param>
    public async Task<byte[]> AdviceAsync(string path, byte[] question, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        using var request = Request(npm, HttpMethod.Post, new Uri(npm.DefaultRegistry, path), "application/json");
        request.Content = new ByteArrayContent(question) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await SendAsync(client, request, "advisories", cancel);
        return await ReadAsync(response, "advisories", MaximumAdvice, cancel);
    }

    /// <summary>A version's file, headers read; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> TarballAsync(string name, NpmTarball tarball, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        if (npm.RegistryOf(name).Scheme == "https" && tarball.Address.Scheme != "https")
        {
            throw FeedException.Upstream($"the npm registry names a plain http address for {name}; it is not followed");
        }

        using var request = Request(npm, HttpMethod.Get, tarball.Address, "*/*");
        return await SendAsync(client, request, name, cancel);
    }

    /// <summary>The host name of a package's registry, for the log.</summary>
    public async Task<string> RegistryNameAsync(string name, CancellationToken cancel) => (await CurrentAsync(cancel)).Npm.RegistryOf(name).Host;

    private async Task<byte[]> KeptOrNewAsync(string name, bool abbreviated, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        var registry = npm.RegistryOf(name);
        var kept = await answers.FindAsync(registry, name, abbreviated, cancel);
        if (kept is { IsFresh: true })
        {
            return kept.Json;
        }

        try
        {
            using var request = Request(npm, HttpMethod.Get, new Uri(registry, name.Replace("/", "%2f", StringComparison.Ordinal)), abbreviated ? Abbreviated : "application/json");
            if (kept?.ETag is { } etag)
            {
                request.Headers.TryAddWithoutValidation("If-None-Match", etag);
            }

            using var response = await SendAsync(client, request, name, cancel);
            if (kept is not null && response.StatusCode == HttpStatusCode.NotModified)
            {
                answers.Renew(registry, name, abbreviated);
                return kept.Json;
            }

            var json = await ReadAsync(response, name, MaximumDocument, cancel);
            answers.Keep(registry, name, abbreviated, response.Headers.TryGetValues("ETag", out var tags) ? tags.First() : null, json);
            return json;
        }
        catch (FeedException e) when (kept is not null && IsAway(e))
        {
            log.LogWarning("{Reason}; the kept document of {Name} is served", e.Message, name);
            return kept.Json;
        }
    }

    // A registry that answers has the word: what it refuses or has no longer is not served from what is kept.
    private static bool IsAway(FeedException e) => e.InnerException is not null;

    private static HttpRequestMessage Request(HostNpm npm, HttpMethod method, Uri address, string accept)
    {
        var request = new HttpRequestMessage(method, address);
        request.Headers.Authorization = npm.Settings.AuthorizationFor(address);
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpRequestMessage request, string what, CancellationToken cancel)
    {
        try
        {
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified)
            {
                return response;
            }

            var status = response.StatusCode;
            response.Dispose();
            throw status switch
            {
                HttpStatusCode.NotFound => FeedException.NotFound($"the npm registry has no {what}"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => FeedException.Upstream($"the npm registry refused the host's credentials for {what} ({(int)status})"),
                _ => FeedException.Upstream($"the npm registry answered {(int)status} for {what}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            log.LogWarning("npm: {Reason}", Redaction.Secrets(e.Message));
            throw FeedException.Upstream($"the npm registry cannot be reached: {Redaction.Reason(e.GetBaseException().Message)}", e);
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, string what, int most, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(DocumentLimit);
        using var bytes = new MemoryStream();
        await using var bounded = new BoundedStream(bytes, most);
        try
        {
            await body.CopyToAsync(bounded, deadline.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw FeedException.Upstream($"the npm registry broke off while it sent {what}", e);
        }

        return bytes.ToArray();
    }

    private async Task<(HostNpm Npm, HttpClient Client)> CurrentAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            if (current is not { } known || DateTimeOffset.UtcNow - known.Time > Keep)
            {
                var npm = await HostNpm.LoadAsync(cancel);
                var handler = new SocketsHttpHandler
                {
                    AutomaticDecompression = DecompressionMethods.All,
                    ConnectTimeout = TimeSpan.FromSeconds(20),
                    PooledConnectionLifetime = Keep,
                };
                if (npm.Proxy is { } proxy)
                {
                    handler.Proxy = proxy;
                }

                // The client before is not disposed: answers may still be read from it. It goes with its last connection.
                current = known = (npm, new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(100) }, DateTimeOffset.UtcNow);
            }

            return (known.Npm, known.Client);
        }
        finally
        {
            gate.Release();
        }
    }
}
