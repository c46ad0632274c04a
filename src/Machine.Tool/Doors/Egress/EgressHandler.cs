using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>How this host speaks HTTP to a server in the guest's place: to the address that was judged, without a redirect, a cookie or a word unpacked.</summary>
internal static class EgressHandler
{
    // So that a rule, or a name's address, that changed is soon obeyed by what is kept open.
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    /// <param name="isPrivate">The servers may have addresses of private networks: what is kept open is for those alone whose rule says so.</param>
    /// <param name="tls">How servers prove who they are; null for this host's own trust.</param>
    public static SocketsHttpHandler To(Upstream upstream, bool isPrivate, SslClientAuthenticationOptions? tls) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        // The way through this host's proxy is Upstream's.
        UseProxy = false,
        Credentials = null,
        PooledConnectionIdleTimeout = IdleInterval,
        PooledConnectionLifetime = LookInterval,
        SslOptions = tls ?? new SslClientAuthenticationOptions(),
        ConnectCallback = async (context, cancel) =>
        {
            var server = context.DnsEndPoint;
            var name = HostName.OfWire(server.Host) ?? throw new EgressException($"machine: {Tainted.Line(server.Host)} is no server's name", denied: true);
            var socket = await upstream.ConnectAsync(name, server.Port, isPrivate, cancel);
            socket.NoDelay = true;
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}
