using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>The proxy through which this host itself reaches a server, as its environment says (<c>HTTPS_PROXY</c>, <c>NO_PROXY</c>): spoken to by CONNECT.</summary>
/// <param name="Address">Of the proxy.</param>
/// <param name="Credential">Null where it wants none.</param>
internal sealed record UpstreamProxy(Uri Address, NetworkCredential? Credential)
{
    private const int MostOfAnswer = 16 * 1024;

    /// <returns>Null where this host connects to the server itself.</returns>
    public static UpstreamProxy? For(HostName name, int port)
    {
        var server = new UriBuilder("https", name.Text, port).Uri;
        var proxy = HttpClient.DefaultProxy;
        return proxy.IsBypassed(server) || proxy.GetProxy(server) is not { } address ? null : new UpstreamProxy(address, proxy.Credentials?.GetCredential(address, "Basic"));
    }

    /// <exception cref="EgressException">The proxy is not there, of a kind that is not known, or does not let this host through.</exception>
    public async Task<Socket> ConnectAsync(HostName name, int port, CancellationToken cancel)
    {
        if (Address.Scheme != Uri.UriSchemeHttp)
        {
            throw new EgressException($"machine: this host's proxy speaks {Address.Scheme}, and only http is known for the door", denied: false);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Address.Host, Address.Port, cancel);
            var server = string.Create(CultureInfo.InvariantCulture, $"{name}:{port}");
            await socket.SendAsync(Encoding.ASCII.GetBytes($"CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n{Authorization()}\r\n"), cancel);
            var status = await StatusAsync(socket, cancel);
            return status.Split(' ') is [_, "200", ..] ? socket : throw new EgressException($"machine: this host's proxy does not connect to {server}: {Hosting.Tainted.Line(status)}", denied: false);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new EgressException($"machine: this host's proxy can't be reached: {e.Message}", denied: false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private string Authorization() => Credential is null ? ""
        : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Credential.UserName}:{Credential.Password}"))}\r\n";

    // Byte by byte: what follows the head is the server's.
    private static async Task<string> StatusAsync(Socket socket, CancellationToken cancel)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < MostOfAnswer && await socket.ReceiveAsync(one, cancel) == 1)
        {
            head.Append((char)one[0]);
            if (head.Length >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n' && head[^4] == '\r')
            {
                return head.ToString()[..head.ToString().IndexOf('\r', StringComparison.Ordinal)];
            }
        }

        throw new EgressException("machine: this host's proxy answered without an end", denied: false);
    }
}
