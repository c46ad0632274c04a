using System.Net;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Packages;

/// <summary>The start of the absolute URLs that the v3 protocol and npm want in answers.</summary>
internal static class FeedAddress
{
    /// <summary>The configured address, else the one that the request came to.</summary>
    /// <exception cref="FeedException">The request names a host that is not this machine's loopback.</exception>
    public static string Of(HttpRequest request, Uri? configured)
    {
        if (configured is not null)
        {
            return configured.GetLeftPart(UriPartial.Authority);
        }

        // Whoever could choose this name would choose where the next requests go.
        var host = request.Host;
        var loopback = host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        // What stands behind the name is read as whoever gets the address will read it: "localhost:80@elsewhere" is elsewhere.
        return loopback && Uri.TryCreate($"http://{host.ToUriComponent()}", UriKind.Absolute, out var uri) && uri is { IsLoopback: true, UserInfo: "", PathAndQuery: "/", Fragment: "" }
            ? uri.GetLeftPart(UriPartial.Authority)
            : throw FeedException.BadRequest("the host name must be a loopback address");
    }
}
