using System.Net.Sockets;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// A TLS 1.3 server may ask for the greeting once more (HelloRetryRequest), and some then go by the second one's name. So it is looked at as the first
/// was. Source: RFC 8446 §4.1.3 and §4.1.4.
/// </summary>
internal static class HelloRetry
{
    private const int RecordHead = 5;

    // Record, message, version, random.
    private const int Needed = RecordHead + 4 + 2 + 32;

    // SHA-256 of "HelloRetryRequest".
    private static readonly byte[] Random = Convert.FromHexString("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C");

    // A change of ciphers that changes nothing, for middleboxes: RFC 8446 §D.4.
    private static readonly byte[] ChangeCipherSpec = [20, 3, 3, 0, 1, 1];

    /// <summary>Carries the server's first words to the guest, and where they ask for it the guest's second greeting to the server.</summary>
    /// <exception cref="EgressException">The second greeting is for another server.</exception>
    public static async Task CarryAsync(Socket guest, Socket server, HostName name, Carried carried, TimeSpan patience, CancellationToken cancel)
    {
        var first = new byte[4096];
        var length = 0;
        bool? isRetry;
        while ((isRetry = IsRetry(first.AsSpan(0, length))) is null)
        {
            var count = await server.ReceiveAsync(first.AsMemory(length), cancel);
            if (count == 0)
            {
                break;
            }

            length += count;
        }

        await Splice.SendAllAsync(guest, first.AsMemory(0, length), cancel);
        carried.In += length;
        if (isRetry == true)
        {
            var again = new Greeter(guest, EgressProtocol.Tls, [], ChangeCipherSpec);
            await again.RequireAsync(name, patience, cancel);
            await Splice.SendAllAsync(server, again.Bytes, cancel);
            carried.Out += again.Bytes.Length;
        }
    }

    /// <returns>Null where more bytes are needed to say.</returns>
    internal static bool? IsRetry(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0 && bytes[0] != 22)
        {
            return false;
        }

        // Type 2 is the server's greeting.
        return bytes.Length > RecordHead && bytes[RecordHead] != 2 ? false
            : bytes.Length < Needed ? null
            : bytes[(Needed - Random.Length)..Needed].SequenceEqual(Random);
    }
}
