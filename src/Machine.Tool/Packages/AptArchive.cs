using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// The archives that this host's package manager uses, read-only below /apt/NUMBER/, for image builds and for machines whose rules say so. What comes is
/// checked by the guest's package manager against the distribution's signature; nothing else than these archives is reached.
/// </summary>
/// <param name="find">Asked at the first request that is allowed.</param>
/// <param name="refusal">Why the machine may not ask, in words for apt; null where it may.</param>
internal sealed partial class AptArchive(Func<CancellationToken, Task<AptOrigin>> find, ILogger log, Func<string?>? refusal = null) : IDisposable
{
    /// <summary>The largest file that an archive holds is far smaller.</summary>
    private const long MostBytes = 4L << 30;
    private static readonly TimeSpan Limit = TimeSpan.FromHours(2);

    private readonly SemaphoreSlim slots = new(8);
    private readonly SemaphoreSlim finding = new(1);
    private (IReadOnlyList<string> Archives, HttpClient Client)? found;

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/apt/{**path}", context => FeedResponse.GuardAsync(
            context, slots, log, () => refusal?.Invoke() is { } reason ? throw FeedException.Refused(reason) : AnswerAsync(context)));

    public void Dispose()
    {
        found?.Client.Dispose();
        finding.Dispose();
        slots.Dispose();
    }

    /// <summary>Where a request goes; null where it names nothing that an archive holds.</summary>
    /// <param name="path">What follows <c>/apt/</c>, decoded.</param>
    internal static Uri? Target(IReadOnlyList<string> archives, string path)
    {
        var match = RequestForm().Match(path);
        if (!match.Success || !int.TryParse(match.Groups["archive"].ValueSpan, out var number) || number >= archives.Count
            || match.Groups["path"].Value.Split('/').Any(part => part is "" or "." or ".."))
        {
            return null;
        }

        return new Uri(archives[number].TrimEnd('/') + "/" + string.Join('/', match.Groups["path"].Value.Split('/').Select(Uri.EscapeDataString)));
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = (context.Request.Path.Value ?? "")["/apt/".Length..];
        var (archives, client) = await FindAsync(context.RequestAborted);
        var target = Target(archives, path) ?? throw FeedException.NotFound("the archives of this machine have no such file");
        var method = HttpMethods.IsHead(context.Request.Method) ? HttpMethod.Head : HttpMethod.Get;
        try
        {
            // Where a mirror sends on to, it stays on this host's mirrors: no server ever names whom the host asks.
            using var response = await Redirects.SendAsync(
                client, target, address => Request(method, address, target), next => Task.FromResult(archives.Any(archive => IsOf(next, archive))), context.RequestAborted);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw response.StatusCode == HttpStatusCode.NotFound
                    ? FeedException.NotFound("the archive has no such file")
                    : FeedException.Upstream($"the archive answered {(int)response.StatusCode}");
            }

            if (response.Content.Headers.ContentLength > MostBytes)
            {
                throw FeedException.Upstream($"the archive's file is larger than {MostBytes >> 20} MiB");
            }

            await using var content = await response.Content.ReadAsStreamAsync(context.RequestAborted);
            await FeedResponse.RelayAsync(context, content, "application/octet-stream", response.Content.Headers.ContentLength, MostBytes, Limit);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            log.LogWarning("apt: {Reason}", Redaction.Secrets(e.Message));
            throw FeedException.Upstream($"the archive cannot be reached: {Redaction.Reason(e.GetBaseException().Message)}", e);
        }
    }

    private async Task<(IReadOnlyList<string> Archives, HttpClient Client)> FindAsync(CancellationToken cancel)
    {
        await finding.WaitAsync(cancel);
        try
        {
            if (found is not { } known)
            {
                var origin = await find(cancel);
                var handler = new SocketsHttpHandler
                {
                    AllowAutoRedirect = false,
                    ConnectTimeout = TimeSpan.FromSeconds(20),
                    Proxy = origin.Proxy is null ? null : new WebProxy(origin.Proxy),
                };
                found = known = (origin.Archives, new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(2) });
            }

            return known;
        }
        finally
        {
            finding.Release();
        }
    }

    private static bool IsOf(Uri address, string archive) => Uri.TryCreate(archive, UriKind.Absolute, out var ours) && address.Authority == ours.Authority;

    // The password is the archive's own, and goes to no other.
    private static HttpRequestMessage Request(HttpMethod method, Uri address, Uri archive)
    {
        var request = new HttpRequestMessage(method, WithoutUser(address));
        if (archive.UserInfo.Length > 0 && address.Authority == archive.Authority)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(archive.UserInfo))));
        }

        return request;
    }

    private static Uri WithoutUser(Uri address) => address.UserInfo.Length == 0 ? address : new UriBuilder(address) { UserName = "", Password = "" }.Uri;

    [GeneratedRegex("^(?<archive>[0-9]{1,3})/(?<path>[A-Za-z0-9._~+:/-]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex RequestForm();
}
