using System.Net;
using System.Net.Sockets;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// A network whose addresses of IPv6 each hold one of IPv4, with which a translator of this host's provider connects instead: whoever answers for a name could
/// reach a private network by it. Source: RFC 7050 §3 (how a host finds it), RFC 6052 §2.2 (where the address is).
/// </summary>
internal sealed class Nat64
{
    /// <summary>Has no address of IPv6 but those that a translator's resolver makes.</summary>
    public const string Known = "ipv4only.arpa";

    private static readonly IPAddress[] Answers = [IPAddress.Parse("192.0.0.170"), IPAddress.Parse("192.0.0.171")];

    // By the length of the network: byte 8 is none of the address.
    private static readonly (int Bits, int[] Places)[] Forms =
        [(96, [12, 13, 14, 15]), (64, [9, 10, 11, 12]), (56, [7, 9, 10, 11]), (48, [6, 7, 9, 10]), (40, [5, 6, 7, 9]), (32, [4, 5, 6, 7])];

    private readonly IPNetwork network;
    private readonly int[] places;

    private Nat64(IPNetwork network, int[] places) => (this.network, this.places) = (network, places);

    /// <param name="addresses">Of <see cref="Known"/>, as this host's resolver gives them.</param>
    public static IReadOnlyList<Nat64> Of(IEnumerable<IPAddress> addresses) =>
    [
        .. from address in addresses
           where address.AddressFamily == AddressFamily.InterNetworkV6
           from form in Forms
           where Answers.Contains(Held(address, form.Places))
           select new Nat64(NetworkOf(address, form.Bits), form.Places),
    ];

    /// <returns>The address that is reached in fact; null where it is none of this network.</returns>
    public IPAddress? Held(IPAddress address) => network.Contains(address) ? Held(address, places) : null;

    private static IPAddress Held(IPAddress address, int[] places)
    {
        var bytes = address.GetAddressBytes();
        return new IPAddress([.. places.Select(place => bytes[place])]);
    }

    private static IPNetwork NetworkOf(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(bits / 8).Clear();
        return new IPNetwork(new IPAddress(bytes), bits);
    }
}
