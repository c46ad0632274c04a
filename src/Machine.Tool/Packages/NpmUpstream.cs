using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>The registry of the host's npm configuration, with the host's tokens.</summary>
internal sealed class NpmUpstream(ILogger log) : IDisposable
{
    private const int MaximumDocument = 256 << 20;
    private static readonly TimeSpan DocumentLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim gate = new(1);
    private (HostNpm Npm, HttpClient Client, DateTimeOffset Time)? current;

    public void Dispose()
    {
        current?.Client.Dispose();
        gate.Dispose();
    }

    /// <summary>The package's document, as small as npm takes it where <paramref name="abbreviated"/>.</summary>
    public async Task<byte[]> DocumentAsync(string name, bool abbreviated, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        var address = new Uri(npm.RegistryOf(name), name.Replace("/", "%2f", StringComparison.Ordinal));
        using var response = await SendAsync(npm, client, address, name, abbreviated ? "application/vnd.npm.install-v1+json" : "application/json", cancel);
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(DocumentLimit);
        using var bytes = new MemoryStream();
        await using var bounded = new BoundedStream(bytes, MaximumDocument);
        try
        {
            await body.CopyToAsync(bounded, deadline.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw FeedException.Upstream($"the npm registry broke off while it sent {name}", e);
        }

        return bytes.ToArray();
    }

    /// <summary>A version's file, headers read; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> TarballAsync(string name, NpmTarball tarball, CancellationToken cancel)
    {
        var (npm, client) = await CurrentAsync(cancel);
        if (npm.RegistryOf(name).Scheme == "https" && tarball.Address.Scheme != "https")
        {
            throw FeedException.Upstream($"the npm registry names a plain http address for {name}; it is not followed");
        }

        return await SendAsync(npm, client, tarball.Address, name, "*/*", cancel);
    }

    /// <summary>The host name of a package's registry, for the log.</summary>
    public async Task<string> RegistryNameAsync(string name, CancellationToken cancel) => (await CurrentAsync(cancel)).Npm.RegistryOf(name).Host;

    private async Task<HttpResponseMessage> SendAsync(HostNpm npm, HttpClient client, Uri address, string name, string accept, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = npm.Settings.AuthorizationFor(address);
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        try
        {
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            var status = response.StatusCode;
            response.Dispose();
            throw status switch
            {
                HttpStatusCode.NotFound => FeedException.NotFound($"the npm registry has no {name}"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => FeedException.Upstream($"the npm registry refused the host's credentials for {name} ({(int)status})"),
                _ => FeedException.Upstream($"the npm registry answered {(int)status} for {name}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            log.LogWarning("npm: {Reason}", Redaction.Secrets(e.Message));
            throw FeedException.Upstream($"the npm registry cannot be reached: {Redaction.Reason(e.GetBaseException().Message)}", e);
        }
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
