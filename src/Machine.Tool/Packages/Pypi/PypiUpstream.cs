using System.Net;
using System.Net.Http.Headers;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages.Pypi;

/// <summary>The indexes of the host's configuration of pip, with the host's passwords.</summary>
internal sealed class PypiUpstream(KeptAnswers answers, ILogger log) : IDisposable
{
    private const int MaximumPage = 64 << 20;
    private const string OneForm = "";
    private static readonly TimeSpan PageLimit = TimeLimit.Minutes(5);
    private static readonly TimeSpan KeepInterval = TimeSpan.FromMinutes(5);

    private readonly SingleFlight<PypiPage?> pages = new();
    private readonly SemaphoreSlim gate = new(1);
    private (HostPip Pip, HttpClient Client, DateTimeOffset Time)? current;

    public void Dispose()
    {
        current?.Client.Dispose();
        gate.Dispose();
    }

    /// <summary>
    /// What all indexes have of a package together, as pip takes it; of two files with one name the first counts. One that can't be asked is not left out: a
    /// later one may have another package under the same name. What is kept stands in for it.
    /// </summary>
    /// <param name="name">Normalized.</param>
    /// <returns>Null where no index knows the package.</returns>
    public async Task<PypiPage?> PageAsync(string name, CancellationToken cancel)
    {
        var (pip, client) = await CurrentAsync(cancel);
        var asked = await Task.WhenAll(pip.Indexes.Select(async index =>
            (Index: index, Page: await pages.RunAsync($"{index.Address} {name}", token => KeptOrNewAsync(index, client, name, token), cancel))));
        if (asked.All(one => one.Page is null))
        {
            return null;
        }

        foreach (var (index, _) in asked.Where(one => one.Page is null))
        {
            // Without a network the next question would end here.
            answers.Keep(index.Address, name, OneForm, etag: null, PypiJson.Write(PypiPage.Empty(name)).ToArray());
        }

        return new PypiPage(name, [.. asked.SelectMany(one => one.Page?.Files.Select(file => file with { Source = one.Index }) ?? []).DistinctBy(file => file.Name)]);
    }

    /// <summary>A file, headers read; the caller disposes it.</summary>
    /// <param name="address">The file's own, or that of its metadata.</param>
    public async Task<HttpResponseMessage> FileAsync(PypiFile file, Uri address, CancellationToken cancel)
    {
        var (_, client) = await CurrentAsync(cancel);
        var index = file.Source!;
        return index.Address.Scheme == "https" && address.Scheme != "https"
            ? throw FeedException.Upstream($"the package index names a plain http address for {file.Name}; it is not followed")
            : await GetAsync(client, index, address, file.Name, accept: ["*/*"], etag: null, cancel);
    }

    private async Task<PypiPage?> KeptOrNewAsync(PypiSource index, HttpClient client, string name, CancellationToken cancel)
    {
        var kept = await answers.FindAsync(index.Address, name, OneForm, cancel);
        if (kept is { IsFresh: true })
        {
            return Kept(kept);
        }

        try
        {
            using var response = await GetAsync(client, index, new Uri(index.Address, name + "/"), name, [PypiJson.Type, PypiHtml.Type + "; q=0.2", PypiHtml.OldType + "; q=0.1"], kept?.ETag, cancel);
            if (kept is not null && response.StatusCode == HttpStatusCode.NotModified)
            {
                answers.Renew(index.Address, name, OneForm);
                return Kept(kept);
            }

            var body = await ReadAsync(response, name, cancel);
            var place = response.RequestMessage!.RequestUri!;
            var page = response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() switch
            {
                PypiJson.Type => PypiJson.Read(body, name, place),
                PypiHtml.Type or PypiHtml.OldType => PypiHtml.Read(body, name, place),
                _ => throw FeedException.Upstream($"the package index sent no page for {name}, but something of another type"),
            };
            answers.Keep(index.Address, name, OneForm, response.Headers.TryGetValues("ETag", out var tags) ? tags.First() : null, PypiJson.Write(page).ToArray());
            return page;
        }
        catch (FeedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            return null;
        }
        catch (FeedException e) when (kept is not null && e.InnerException is HttpRequestException or OperationCanceledException)
        {
            log.LogWarning("{Reason}; the kept page of {Name} is served", e.Message, name);
            return Kept(kept!);
        }

        PypiPage Kept(KeptAnswer answer) => PypiJson.Read(answer.Json, name, index.Address);
    }

    // An index, and whoever uploads to it, may write any address, and a server may send on: it leads to the index or out, and never to this host or its neighbours.
    private async Task<HttpResponseMessage> GetAsync(HttpClient client, PypiSource index, Uri address, string what, IReadOnlyList<string> accept, string? etag, CancellationToken cancel)
    {
        try
        {
            if (!await MayAskAsync(address))
            {
                throw FeedException.Upstream($"the package index names an address of a private network for {what}; it is not followed");
            }

            var response = await Redirects.SendAsync(client, address, Request, MayAskAsync, cancel);
            if (response.StatusCode == HttpStatusCode.OK || (response.StatusCode == HttpStatusCode.NotModified && etag is not null))
            {
                return response;
            }

            response.Dispose();
            throw response.StatusCode switch
            {
                HttpStatusCode.NotFound => FeedException.NotFound($"the package index has no {what}"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => FeedException.Upstream($"the package index refused the host's credentials for {what} ({(int)response.StatusCode})"),
                _ => FeedException.Upstream($"the package index answered {(int)response.StatusCode} for {what}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            log.LogWarning("pypi: {Reason}", Redaction.Secrets(e.Message));
            throw FeedException.Upstream($"the package index cannot be reached: {Redaction.Reason(e.GetBaseException().Message)}", e);
        }

        async Task<bool> MayAskAsync(Uri next) => index.IsAt(next) || await Redirects.IsPublicAsync(next.IdnHost, cancel);

        HttpRequestMessage Request(Uri next)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, next);
            request.Headers.Authorization = index.AuthorizationFor(next);
            foreach (var type in accept)
            {
                request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(type));
            }

            if (etag is not null)
            {
                request.Headers.TryAddWithoutValidation("If-None-Match", etag);
            }

            return request;
        }
    }

    private static Task<byte[]> ReadAsync(HttpResponseMessage response, string what, CancellationToken cancel) =>
        WholeAnswer.ReadAsync(response, "the package index", what, MaximumPage, PageLimit, cancel);

    private async Task<(HostPip Pip, HttpClient Client)> CurrentAsync(CancellationToken cancel)
    {
        await gate.WaitAsync(cancel);
        try
        {
            if (current is not { } known || DateTimeOffset.UtcNow - known.Time > KeepInterval)
            {
                var pip = await HostPip.LoadAsync(cancel);
                var handler = new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    AutomaticDecompression = DecompressionMethods.All,
                    ConnectTimeout = TimeLimit.Seconds(20),
                    PooledConnectionLifetime = KeepInterval,
                    UseCookies = false,
                    ConnectCallback = (context, token) => ConnectAsync(pip, context, token),
                };
                if (pip.Proxy is { } proxy)
                {
                    handler.Proxy = proxy;
                }

                // The client before is not disposed: answers may still be read from it. It goes with its last connection.
                current = known = (pip, new HttpClient(handler) { Timeout = TimeLimit.Seconds(100) }, DateTimeOffset.UtcNow);
            }

            return (known.Pip, known.Client);
        }
        finally
        {
            gate.Release();
        }
    }

    // A name may have another address at the second look; an index itself may be in a private network.
    private static ValueTask<Stream> ConnectAsync(HostPip pip, SocketsHttpConnectionContext context, CancellationToken cancel) => JudgedConnection.DialAsync(
        context,
        addresses => pip.Indexes.Any(index => index.IsAt(context.InitialRequestMessage.RequestUri!)) || Array.TrueForAll(addresses, Redirects.IsPublic)
            ? null : "it leads to a private network, which is not followed",
        cancel);
}
