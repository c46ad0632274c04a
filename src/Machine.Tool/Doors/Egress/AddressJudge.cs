using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// Says which addresses a machine may be connected to: those of the internet, and with a rule's word for it those of private networks and of this host's
/// neighbours; never this host's own, nor a cloud's metadata, nor one that stands for another. Source: IANA's registers of special-purpose addresses (RFC 6890).
/// </summary>
/// <param name="own">Addresses of this host.</param>
/// <param name="near">Networks that this host is in, and its gateways.</param>
internal sealed class AddressJudge(IReadOnlySet<IPAddress> own, IReadOnlyList<IPNetwork> near)
{
    /// <summary>What is said of 198.18.0.0/15, where VPN clients have addresses for names (<see cref="FakeAddresses"/>).</summary>
    public const string StandsForAnother = "that stands for another";

    private static readonly IPNetwork[] PrivateNetworks = Of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7");

    private static readonly (IPNetwork Network, string Says)[] Special =
    [
        // Amazon's, Google's, Alibaba's and Azure's beside the link-local one that all have.
        .. Of("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32").Select(network => (network, "where clouds keep a machine's credentials")),
        .. Of("0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128").Select(network => (network, "of this host itself")),
        .. Of("224.0.0.0/4", "255.255.255.255/32", "ff00::/8").Select(network => (network, "of many hosts at once")),
        .. Of("192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "2001:db8::/32", "3fff::/20", "100::/64", "5f00::/16", "fec0::/10")
            .Select(network => (network, "that is reserved")),
        .. Of("198.18.0.0/15").Select(network => (network, StandsForAnother)),
        .. Of("192.88.99.0/24", "::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23").Select(network => (network, "that holds another one")),
    ];

    /// <summary>Of this host as it is now: it comes and goes between networks.</summary>
    public static AddressJudge OfThisHost()
    {
        var cards = NetworkInterface.GetAllNetworkInterfaces().Select(card => card.GetIPProperties()).ToList();
        var addresses = cards.SelectMany(card => card.UnicastAddresses).Select(one => (Address: WithoutScope(one.Address), one.PrefixLength)).ToList();
        var gateways = cards.SelectMany(card => card.GatewayAddresses).Select(one => WithoutScope(one.Address));
        return new AddressJudge(
            addresses.Select(one => one.Address).ToHashSet(),
            [.. addresses.Select(one => NetworkOf(one.Address, one.PrefixLength)), .. gateways.Select(address => NetworkOf(address, address.GetAddressBytes().Length * 8))]);
    }

    /// <param name="isPrivate">The rule that allows the server allows private networks.</param>
    /// <returns>Null where a machine may be connected to it; else why not, as the end of "it has an address …".</returns>
    public string? WhyNot(IPAddress address, bool isPrivate)
    {
        if (own.Contains(address))
        {
            return "of this host";
        }

        return Array.Find(Special, special => special.Network.Contains(address)).Says
            ?? (PrivateNetworks.Concat(near).Any(network => network.Contains(address))
                ? isPrivate ? null : "of a private network, which the rule would have to say: { name: …, private: true }"
                // Of IPv6 only 2000::/3 is given out.
                : address.AddressFamily == AddressFamily.InterNetworkV6 && (address.GetAddressBytes()[0] & 0xE0) != 0x20 ? "that is given to nobody" : null);
    }

    private static IPAddress WithoutScope(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address;

    private static IPNetwork NetworkOf(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] &= (byte)(0xFF00 >> Math.Clamp(bits - (at * 8), 0, 8));
        }

        return new IPNetwork(new IPAddress(bytes), bits);
    }

    private static IPNetwork[] Of(params string[] networks) => [.. networks.Select(IPNetwork.Parse)];
}
