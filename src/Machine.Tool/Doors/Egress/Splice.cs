using System.Buffers;
using System.Net.Sockets;

namespace Machine.Tool.Doors.Egress;

/// <summary>How many bytes went through a connection, as far as it got.</summary>
internal sealed class Carried
{
    /// <summary>From the machine.</summary>
    public long Out { get; set; }

    /// <summary>To the machine.</summary>
    public long In { get; set; }
}

/// <summary>Carries bytes both ways between two sockets until both ends have said that nothing more comes, or one of them breaks.</summary>
internal static class Splice
{
    private const int PieceBytes = 64 * 1024;

    /// <exception cref="SocketException">One of them broke; nothing is carried any more.</exception>
    public static async Task RunAsync(Socket guest, Socket server, Carried carried, CancellationToken cancel)
    {
        // One that breaks takes the other along: nobody else would end it.
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(
            CarryAsync(guest, server, count => carried.Out += count, broken),
            CarryAsync(server, guest, count => carried.In += count, broken));
    }

    private static async Task CarryAsync(Socket from, Socket to, Action<int> add, CancellationTokenSource broken)
    {
        try
        {
            while (await CarryPieceAsync(from, to, add, broken.Token))
            {
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
    }

    private static async Task<bool> CarryPieceAsync(Socket from, Socket to, Action<int> add, CancellationToken cancel)
    {
        // A connection that is silent holds no memory.
        await from.ReceiveAsync(Memory<byte>.Empty, cancel);
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            var count = await from.ReceiveAsync(piece, cancel);
            await SendAllAsync(to, piece.AsMemory(0, count), cancel);
            add(count);
            return count > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    public static async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes, cancel)..];
        }
    }
}
