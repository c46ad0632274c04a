using System.Net;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>An allowed name whose address is this host's, its network's, or stands for another: only addresses of the internet are dialled.</summary>
public sealed class AddressAttacks
{
    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("100.63.0.1")]
    [InlineData("198.17.0.1")]
    [InlineData("198.20.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("2a00:1450::1")]
    public void Of_the_internet(string address) => WhyNot(address).ShouldBeNull();

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("fd00::1")]
    public void Of_private_networks_only_with_a_rules_word(string address)
    {
        WhyNot(address).ShouldNotBeNull().ShouldContain("private: true");
        WhyNot(address, isPrivate: true).ShouldBeNull();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.8.8")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("169.254.169.254")]
    [InlineData("fe80::1")]
    [InlineData("168.63.129.16")]
    [InlineData("100.100.100.200")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("fec0::1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("ff02::1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::8.8.8.8")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2002:7f00:1::1")]
    [InlineData("2001::1")]
    [InlineData("2001:db8::1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.19.255.255")]
    [InlineData("192.0.2.1")]
    [InlineData("192.0.0.170")]
    [InlineData("192.88.99.1")]
    [InlineData("4000::1")]
    public void Never(string address)
    {
        WhyNot(address).ShouldNotBeNull();
        WhyNot(address, isPrivate: true).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("10.0.0.1")]
    [InlineData("2606:4700::1111")]
    public void This_hosts_own_never(string address) =>
        new AddressJudge(new HashSet<IPAddress> { IPAddress.Parse(address) }, []).WhyNot(IPAddress.Parse(address), isPrivate: true).ShouldBe("of this host");

    [Fact]
    public void This_host_knows_its_own() =>
        Dns.GetHostAddresses(Dns.GetHostName()).Where(address => !IPAddress.IsLoopback(address)).ShouldAllBe(address => AddressJudge.OfThisHost().WhyNot(new IPAddress(address.GetAddressBytes()), true) != null);

    [Theory]
    [InlineData("11.7.0.9", "11.7.0.0/24")]
    [InlineData("2a00:1450::9", "2a00:1450::/64")]
    public void Neighbours_of_this_host_count_as_a_private_network(string address, string near)
    {
        var judge = new AddressJudge(new HashSet<IPAddress>(), [IPNetwork.Parse(near)]);

        judge.WhyNot(IPAddress.Parse(address), isPrivate: false).ShouldNotBeNull().ShouldContain("private: true");
        judge.WhyNot(IPAddress.Parse(address), isPrivate: true).ShouldBeNull();
    }

    [Theory]
    [InlineData("2a00:1450:64::c000:aa", "2a00:1450:64::a00:1")]
    [InlineData("2a00:1450:64::c000:ab", "2a00:1450:64::7f00:1")]
    [InlineData("2a00:1450:64:1:c0:0:aa00:0", "2a00:1450:64:1:a9:fea9:fe00:0")]
    [InlineData("2a00:1450:64:c0:0:aa::", "2a00:1450:64:0a:0:1::")]
    [InlineData("2a00:1450:64:c000:0:aa00::", "2a00:1450:64:c0a8:1:100::")]
    [InlineData("2a00:1450:c0:0:aa::", "2a00:1450:0a:0:1::")]
    [InlineData("2a00:1450:c000:aa::", "2a00:1450:a00:1::")]
    public async Task Through_a_translator_of_this_hosts_own_network(string known, string address)
    {
        // As the resolver of such a network answers for a name that has addresses of IPv4 alone.
        var resolver = new TranslatingResolver(IPAddress.Parse(known), IPAddress.Parse(address));
        var upstream = new Upstream(resolver, () => new AddressJudge(new HashSet<IPAddress>(), []).WhyNot);
        var name = HostName.TryParse("inner.example.com", out _)!;

        (await Should.ThrowAsync<EgressException>(() => upstream.AddressesAsync(name, isPrivate: false, TestContext.Current.CancellationToken))).Denied.ShouldBeTrue();
        resolver.Address = IPAddress.Parse("2606:4700::1111");
        (await upstream.AddressesAsync(name, isPrivate: false, TestContext.Current.CancellationToken)).ShouldBe([resolver.Address]);
    }

    private sealed class TranslatingResolver(IPAddress known, IPAddress address) : IHostResolver
    {
        public IPAddress Address { get; set; } = address;

        public Task<IReadOnlyList<IPAddress>> ResolveAsync(string name, CancellationToken cancel) => Task.FromResult<IReadOnlyList<IPAddress>>([name == "ipv4only.arpa" ? known : Address]);
    }

    private static string? WhyNot(string address, bool isPrivate = false) => new AddressJudge(new HashSet<IPAddress>(), []).WhyNot(IPAddress.Parse(address), isPrivate);
}
