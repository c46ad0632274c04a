using System.Net;
using System.Net.Sockets;

namespace Machine.Tool.Hosting;

/// <summary>Follows a server's "it is over there" only where the asker agrees: by itself a client would ask whomever a server names, also this host.</summary>
internal static class Redirects
{
    private const int Most = 5;

    /// <param name="client">Must not follow by itself.</param>
    /// <param name="request">Made anew for each address: what is secret goes where the maker lets it.</param>
    /// <exception cref="HttpRequestException">It leads too far, or to where <paramref name="mayGo"/> says no.</exception>
    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, Uri address, Func<Uri, HttpRequestMessage> request, Func<Uri, Task<bool>> mayGo, CancellationToken cancel)
    {
        for (var hop = 0; hop <= Most; hop++)
        {
            using var message = request(address);
            var response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            var next = new Uri(address, location);
            if (next.Scheme is not ("http" or "https") || (address.Scheme == "https" && next.Scheme != "https") || !await mayGo(next))
            {
                throw new HttpRequestException($"{address.Host} sends on to {next.Scheme}://{next.Host}, which is not followed");
            }

            address = next;
        }

        throw new HttpRequestException($"{address.Host} sends on and on");
    }

    /// <summary>False where the name leads to this host or into its own networks. A name that only a proxy knows is the proxy's to judge.</summary>
    public static async Task<bool> IsPublicAsync(string host, CancellationToken cancel)
    {
        try
        {
            return Array.TrueForAll(await Dns.GetHostAddressesAsync(host, cancel), IsPublic);
        }
        catch (SocketException)
        {
            return true;
        }
        catch (ArgumentException)
        {
            // "Any address" is none that one can send to.
            return false;
        }
    }

    public static bool IsPublic(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(address) || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.IsIPv6UniqueLocal || address.Equals(IPAddress.IPv6Any))
        {
            return false;
        }

        // Groups, what is reserved, a cloud's own, and IPv6 that stands for IPv4.
        if (address.GetAddressBytes() is [>= 224, _, _, _] or [168, 63, 129, 16] or [0xff, _, _, _, _, ..] or [0, 0x64, 0xff, 0x9b, _, ..] or [0x20, 0x02, _, _, _, ..])
        {
            return false;
        }

        return address.GetAddressBytes() is not ([0 or 10 or 127, ..] or [100, >= 64 and < 128, _, _] or [169, 254, _, _] or [172, >= 16 and < 32, _, _] or [192, 168, _, _])
            || address.AddressFamily == AddressFamily.InterNetworkV6;
    }
}
