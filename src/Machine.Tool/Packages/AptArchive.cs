using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Packages;

/// <summary>
/// The archives that this host's package manager uses, read-only below /apt/NUMBER/, for image builds alone. What comes is
/// checked by the guest's package manager against the distribution's signature; nothing else than these archives is reached.
/// </summary>
/// <param name="archives">Their addresses; a user name and password in one are this host's, and stay here.</param>
internal sealed partial class AptArchive(IReadOnlyList<string> archives, Uri? proxy, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim slots = new(8);
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(20),
        Proxy = proxy is null ? null : new WebProxy(proxy),
    })
    {
        Timeout = TimeSpan.FromMinutes(2),
    };

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.Map("/apt/{**path}", context => FeedResponse.GuardAsync(context, slots, log, () => AnswerAsync(context)));

    public void Dispose()
    {
        client.Dispose();
        slots.Dispose();
    }

    /// <summary>Where a request goes; null where it names nothing that an archive holds.</summary>
    /// <param name="path">What follows <c>/apt/</c>, decoded.</param>
    internal static Uri? Target(IReadOnlyList<string> archives, string path)
    {
        var match = Request().Match(path);
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
        var target = Target(archives, path) ?? throw FeedException.NotFound("the archives of this machine have no such file");
        using var request = new HttpRequestMessage(HttpMethods.IsHead(context.Request.Method) ? HttpMethod.Head : HttpMethod.Get, WithoutUser(target));
        if (target.UserInfo.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(target.UserInfo))));
        }

        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw response.StatusCode == HttpStatusCode.NotFound
                    ? FeedException.NotFound("the archive has no such file")
                    : FeedException.Upstream($"the archive answered {(int)response.StatusCode}");
            }

            await using var content = await response.Content.ReadAsStreamAsync(context.RequestAborted);
            await FeedResponse.StreamAsync(context, content, "application/octet-stream", response.Content.Headers.ContentLength);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            LoggerExtensions.LogWarning(log, "apt: {Reason}", Redaction.Secrets(e.Message));
            throw FeedException.Upstream($"the archive cannot be reached: {Redaction.Reason(e.GetBaseException().Message)}", e);
        }
    }

    private static Uri WithoutUser(Uri address) => address.UserInfo.Length == 0 ? address : new UriBuilder(address) { UserName = "", Password = "" }.Uri;

    [GeneratedRegex("^(?<archive>[0-9]{1,3})/(?<path>[A-Za-z0-9._~+:/-]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Request();
}
