using System.Net;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Packages;

/// <summary>The start of the absolute URLs that the v3 protocol and npm want in answers.</summary>
internal static class FeedAddress
{
    /// <summary>The configured address, else the one that the request came to.</summary>
    /// <param name="guestAddress">The address of the guest's that its containers ask; null where there is none.</param>
    /// <exception cref="FeedException">The request names a host that is neither this machine's loopback nor its own address.</exception>
    public static string Of(HttpRequest request, Uri? configured, string? guestAddress = null)
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
        return (loopback || host.Host == guestAddress) && Uri.TryCreate($"http://{host.ToUriComponent()}", UriKind.Absolute, out var uri)
            && uri is { UserInfo: "", PathAndQuery: "/", Fragment: "" } && (uri.IsLoopback || uri.Host == guestAddress)
            ? uri.GetLeftPart(UriPartial.Authority)
            : throw FeedException.BadRequest("the host name must be a loopback address, or the machine's own");
    }
}
