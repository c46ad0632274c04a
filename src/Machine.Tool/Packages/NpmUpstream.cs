using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>The registry of the host's npm configuration, with the host's tokens.</summary>
internal sealed class NpmUpstream(KeptAnswers answers, ILogger log) : IDisposable
{
    /// <summary>The type of a document with what an installation needs alone.</summary>
    public const string Abbreviated = "application/vnd.npm.install-v1+json";
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
        using var response = Checked(await PostAsync(client, request, cancel), "advisories");
        return await ReadAsync(response, "advisories", MaximumAdvice, cancel);
    }

    /// <summary>A version's file, headers read; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> TarballAsync(string name, NpmTarball tarball, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        var registry = npm.RegistryOf(name);
        if (registry.Scheme == "https" && tarball.Address.Scheme != "https")
        {
            throw FeedException.Upstream($"the npm registry names a plain http address for {name}; it is not followed");
        }

        return await GetAsync(client, tarball.Address, address => Request(npm, HttpMethod.Get, address, "*/*"), registry, name, cancel);
    }

    /// <summary>The host name of a package's registry, for the log.</summary>
    public async Task<string> RegistryNameAsync(string name, CancellationToken cancel) => (await CurrentAsync(cancel)).Npm.RegistryOf(name).Host;

    private async Task<byte[]> KeptOrNewAsync(string name, bool abbreviated, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        var registry = npm.RegistryOf(name);
        var form = abbreviated ? "" : ".full";
        var kept = await answers.FindAsync(registry, name, form, cancel);
        if (kept is { IsFresh: true })
        {
            return kept.Json;
        }

        try
        {
            using var response = await GetAsync(
                client, new Uri(registry, name.Replace("/", "%2f", StringComparison.Ordinal)), address => Tagged(Request(npm, HttpMethod.Get, address, abbreviated ? Abbreviated : "application/json")), registry, name, cancel);
            if (kept is not null && response.StatusCode == HttpStatusCode.NotModified)
            {
                answers.Renew(registry, name, form);
                return kept.Json;
            }

            var json = await ReadAsync(response, name, MaximumDocument, cancel);
            RequireDocument(json, name);
            answers.Keep(registry, name, form, response.Headers.TryGetValues("ETag", out var tags) ? tags.First() : null, json);
            return json;
        }
        catch (FeedException e) when (kept is not null && IsAway(e))
        {
            log.LogWarning("{Reason}; the kept document of {Name} is served", e.Message, name);
            return kept.Json;
        }

        HttpRequestMessage Tagged(HttpRequestMessage request)
        {
            if (kept?.ETag is { } etag)
            {
                request.Headers.TryAddWithoutValidation("If-None-Match", etag);
            }

            return request;
        }
    }

    // What a portal or a proxy puts in the registry's place is not kept over what the registry gave.
    private static void RequireDocument(byte[] json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("versions", out _))
            {
                return;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw FeedException.Upstream($"the npm registry sent no package document for {name}");
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

    // Whoever publishes a package may have written an address, and a server may send on: it leads to the registry, or out, and never to this host or its neighbours.
    private async Task<HttpResponseMessage> GetAsync(HttpClient client, Uri address, Func<Uri, HttpRequestMessage> request, Uri registry, string what, CancellationToken cancel)
    {
        try
        {
            return await MayAskAsync(address) ? Checked(await Redirects.SendAsync(client, address, request, MayAskAsync, cancel), what)
                : throw FeedException.Upstream($"the npm registry names an address of a private network for {what}; it is not followed");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw Away(e);
        }

        async Task<bool> MayAskAsync(Uri next) => next.Authority == registry.Authority || await Redirects.IsPublicAsync(next.IdnHost, cancel);
    }

    private async Task<HttpResponseMessage> PostAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancel)
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            throw Away(e);
        }
    }

    private FeedException Away(Exception e)
    {
        log.LogWarning("npm: {Reason}", Redaction.Secrets(e.Message));
        return FeedException.Upstream($"the npm registry cannot be reached: {Redaction.Reason(e.GetBaseException().Message)}", e);
    }

    private static HttpResponseMessage Checked(HttpResponseMessage response, string what)
    {
        var status = response.StatusCode;
        // What is kept was named: that it still holds is an answer.
        if (status == HttpStatusCode.OK || (status == HttpStatusCode.NotModified && response.RequestMessage?.Headers.Contains("If-None-Match") == true))
        {
            return response;
        }

        response.Dispose();
        throw status switch
        {
            HttpStatusCode.NotFound => FeedException.NotFound($"the npm registry has no {what}"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => FeedException.Upstream($"the npm registry refused the host's credentials for {what} ({(int)status})"),
            _ => FeedException.Upstream($"the npm registry answered {(int)status} for {what}"),
        };
    }

    private static Task<byte[]> ReadAsync(HttpResponseMessage response, string what, int most, CancellationToken cancel) =>
        WholeAnswer.ReadAsync(response, "the npm registry", what, most, DocumentLimit, cancel);

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
                    AllowAutoRedirect = false,
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
