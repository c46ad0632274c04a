using System.Net;
using System.Net.Sockets;

namespace Machine.Tool.Engines.Qemu;

/// <summary>A TCP port of the loopback address that nobody listens on. Somebody may by the time it is used: try again then.</summary>
internal static class LoopbackPort
{
    public static int Free()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
