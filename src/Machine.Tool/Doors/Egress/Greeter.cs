using System.Net.Sockets;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>The first bytes of a program's connection: whether they are meant for the server that was judged, and how the program is told where they are not.</summary>
/// <param name="first">What came already.</param>
/// <param name="before">Bytes that may stand before the greeting.</param>
internal sealed class Greeter(Socket guest, EgressProtocol protocol, byte[] first, byte[]? before = null)
{
    // Of one greeting; each is looked at with all before it.
    private const int MostPieces = 1000;

    // For a program that sends much before it listens.
    private static readonly TimeSpan Draining = TimeLimit.Settle(2);

    private readonly List<byte> came = [.. first];

    /// <summary>All that the program has said.</summary>
    public byte[] Bytes => [.. came];

    /// <summary>The program can be told a reason in its own protocol.</summary>
    public bool Answers => protocol != EgressProtocol.Tcp;

    /// <exception cref="EgressException">They name another server, or none.</exception>
    public async Task RequireAsync(HostName name, TimeSpan patience, CancellationToken cancel)
    {
        var greeting = await ReadAsync(patience, cancel);
        if (greeting.Kind == GreetingKind.Unfinished)
        {
            throw new EgressException($"machine: the connection to {name} ended before its first words did", denied: false);
        }

        if (greeting.Kind == GreetingKind.Refused)
        {
            var hint = protocol == EgressProtocol.Tls ? "; a rule NAME:PORT/tcp does not look" : "";
            throw new EgressException($"machine: the connection to {name} was not let through: {greeting.Flaw}{hint}", denied: true);
        }

        if (HostName.OfWire(greeting.Name!) != name)
        {
            throw new EgressException($"machine: the connection to {name} was not let through: it asks for another server", denied: true);
        }
    }

    /// <summary>Tells the program why, once it has said what it wants: before that, many a program does not listen.</summary>
    public async Task RefuseAsync(string reason, bool denied, TimeSpan patience, CancellationToken cancel)
    {
        await ReadAsync(patience, cancel);
        await Splice.SendAllAsync(guest, protocol == EgressProtocol.Tls ? Alert(denied) : Response(reason, denied), cancel);
        guest.Shutdown(SocketShutdown.Send);
        // What still comes is taken, so that the answer is not lost by a reset.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Draining);
        var rest = new byte[16 * 1024];
        while (await guest.ReceiveAsync(rest, limit.Token) > 0)
        {
        }
    }

    private async Task<Greeting> ReadAsync(TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        var piece = new byte[8192];
        for (var pieces = 0; pieces < MostPieces; pieces++)
        {
            var greeting = Read();
            if (greeting.Kind != GreetingKind.Unfinished)
            {
                return greeting;
            }

            try
            {
                if (await guest.ReceiveAsync(piece, limit.Token) is not (> 0 and var count))
                {
                    return greeting;
                }

                came.AddRange(piece.AsSpan(0, count));
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return Greeting.Refused($"nothing that begins as {(protocol == EgressProtocol.Tls ? "TLS" : "HTTP")} came within {patience.TotalSeconds:0} s");
            }
        }

        return Greeting.Refused("its greeting comes in too many pieces");
    }

    private Greeting Read()
    {
        var bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(came);
        if (before is not null && bytes.StartsWith(before))
        {
            bytes = bytes[before.Length..];
        }
        else if (before is not null && before.AsSpan().StartsWith(bytes))
        {
            return Greeting.Unfinished;
        }

        return protocol == EgressProtocol.Tls ? ClientHello.Read(bytes) : HttpHead.Read(bytes);
    }

    // RFC 8446 §6.2: access_denied, or internal_error where the server could not be reached.
    private static byte[] Alert(bool denied) => [21, 3, 3, 0, 2, 2, (byte)(denied ? 49 : 80)];

    private static byte[] Response(string reason, bool denied)
    {
        var body = Encoding.UTF8.GetBytes(reason + "\n");
        var head = $"HTTP/1.1 {(denied ? "403 Forbidden" : "502 Bad Gateway")}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }
}
