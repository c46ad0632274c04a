using System.Net;

namespace Machine.Tool.Packages;

/// <summary>
/// Follows a source's redirects. Only requests to the source's own scheme, host and port go through its handler, which holds password and
/// certificate; any other server is spoken to without. What began with https stays so.
/// </summary>
internal sealed class SourceRedirects(Uri source, HttpClientHandler own) : DelegatingHandler(own)
{
    private const int MostRedirects = 10;
    private const string ThisHost = "it leads to a server on this host, which is not followed";

    private readonly HttpMessageInvoker others = new(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancel) => ConnectAsync(source, context, cancel),
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        Proxy = own.Proxy,
        UseProxy = own.UseProxy,
        ConnectTimeout = TimeSpan.FromSeconds(20),
        UseCookies = false,
    });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = request;
        for (var redirects = 0; ; redirects++)
        {
            Check(asked.RequestUri!, redirects);
            var response = IsOwn(asked.RequestUri!)
                ? await base.SendAsync(asked, cancellationToken)
                : await others.SendAsync(Bare(asked, asked.RequestUri!), cancellationToken);
            if (Target(asked, response) is not { } target)
            {
                return response;
            }

            response.Dispose();
            asked = Bare(asked, target);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            others.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Uri? Target(HttpRequestMessage request, HttpResponseMessage response) =>
        (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 && response.Headers.Location is { } location
            ? new Uri(request.RequestUri!, location)
            : null;

    // NuGet reads only; of its headers those go along that say what it takes.
    private static HttpRequestMessage Bare(HttpRequestMessage request, Uri target)
    {
        var bare = new HttpRequestMessage(request.Method == HttpMethod.Head ? HttpMethod.Head : HttpMethod.Get, target) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var (name, values) in request.Headers.Where(header => header.Key is not ("Authorization" or "Cookie" or "Proxy-Authorization" or "Host")))
        {
            bare.Headers.TryAddWithoutValidation(name, values);
        }

        return bare;
    }

    private bool IsOwn(Uri address) =>
        Uri.Compare(address, source, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private void Check(Uri target, int redirects)
    {
        if (redirects > MostRedirects)
        {
            throw new HttpRequestException($"it redirects more than {MostRedirects} times");
        }

        if (target.Scheme is not ("http" or "https") || (source.Scheme == "https" && target.Scheme != "https"))
        {
            throw new HttpRequestException("it leads from https to an unprotected address, which is not followed");
        }

        // A server of the network has no business with what listens on this host.
        if (target.IsLoopback && !source.IsLoopback)
        {
            throw new HttpRequestException(ThisHost);
        }
    }

    // A name can lead here too, and so does 0.0.0.0: what counts is the address that is dialled. A proxy may well listen here.
    private static ValueTask<Stream> ConnectAsync(Uri source, SocketsHttpConnectionContext context, CancellationToken cancel) =>
        JudgedConnection.DialAsync(context, addresses => !source.IsLoopback && Array.Exists(addresses, IsThisHost) ? ThisHost : null, cancel);

    private static bool IsThisHost(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any) || address.GetAddressBytes() is [0, _, _, _];
    }
}
