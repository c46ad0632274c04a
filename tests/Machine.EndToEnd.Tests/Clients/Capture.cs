using System.Net;
using System.Net.Sockets;

namespace Machine.EndToEnd.Tests.Clients;

/// <summary>Every packet that leaves a namespace, or moves in it, from now on: of the host's end of an <see cref="Internet"/>.</summary>
internal sealed class Capture : IDisposable
{
    // Of linux/if_ether.h and linux/if_packet.h.
    private const int EveryProtocol = 0x0003;
    private const int Outgoing = 4;
    private const int Kind = 10;

    // It is seen by then that nobody wants to know any more.
    private const int LookInterval = 200;

    private readonly Socket socket;
    private readonly Dictionary<string, int> packets = [];
    private readonly Task reading;
    private volatile bool over;

    /// <param name="socket">Of packets without their frame's head, made in the namespace.</param>
    public Capture(Socket socket)
    {
        this.socket = socket;
        socket.ReceiveTimeout = LookInterval;
        reading = Task.Factory.StartNew(Read, TaskCreationOptions.LongRunning);
    }

    /// <summary>For <see cref="Internet.OpenAtHost"/>.</summary>
    public static Socket Socket() => new(AddressFamily.Packet, SocketType.Dgram, (ProtocolType)IPAddress.HostToNetworkOrder((short)EveryProtocol));

    /// <summary>How many packets went out, by what they are: <c>tcp 11.8.0.2:443</c>.</summary>
    public IReadOnlyDictionary<string, int> Packets
    {
        get
        {
            lock (packets)
            {
                return new Dictionary<string, int>(packets);
            }
        }
    }

    public void Dispose()
    {
        over = true;
        reading.Wait();
        socket.Dispose();
    }

    private void Read()
    {
        var packet = new byte[64 * 1024];
        while (!over)
        {
            var from = new SocketAddress(AddressFamily.Packet);
            try
            {
                var count = socket.ReceiveFrom(packet, SocketFlags.None, from);
                if (from[Kind] != Outgoing)
                {
                    continue;
                }

                var what = Describe(packet.AsSpan(0, count), (from[2] << 8) | from[3]);
                lock (packets)
                {
                    packets[what] = packets.GetValueOrDefault(what) + 1;
                }
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TimedOut)
            {
            }
        }
    }

    private static string Describe(ReadOnlySpan<byte> packet, int protocol)
    {
        if (protocol != 0x0800 || packet.Length < 20)
        {
            return $"protocol {protocol:x4}";
        }

        var to = new IPAddress(packet[16..20]);
        var head = (packet[0] & 15) * 4;
        return packet[9] switch
        {
            6 => $"tcp {to}:{(packet[head + 2] << 8) | packet[head + 3]}",
            17 => $"udp {to}:{(packet[head + 2] << 8) | packet[head + 3]}",
            1 => $"icmp {to}",
            var other => $"protocol {other} {to}",
        };
    }
}
