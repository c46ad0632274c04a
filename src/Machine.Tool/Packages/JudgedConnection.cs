using System.Net;
using System.Net.Sockets;

namespace Machine.Tool.Packages;

/// <summary>Connects a client of HTTP to the addresses that were judged: a name may have others at a second look.</summary>
internal static class JudgedConnection
{
    /// <param name="refusal">Why none of a server's addresses is dialled; null where they may be. A proxy, which looks names up itself, is not asked about.</param>
    /// <exception cref="HttpRequestException">Refused, in those words.</exception>
    public static async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext context, Func<IPAddress[], string?> refusal, CancellationToken cancel)
    {
        var host = context.DnsEndPoint.Host.Trim('[', ']');
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancel);
        if (host == context.InitialRequestMessage.RequestUri!.IdnHost.Trim('[', ']') && refusal(addresses) is { } why)
        {
            throw new HttpRequestException(why);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
