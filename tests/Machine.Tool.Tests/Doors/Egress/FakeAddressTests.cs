using System.Net;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Tests.Doors.Egress;

/// <summary>A host whose VPN client answers every name with an address of its own, and a host that somebody wants to be taken for one.</summary>
public sealed class FakeAddressTests
{
    private static readonly AddressJudge Judge = new(new HashSet<IPAddress> { IPAddress.Parse("198.18.0.1") }, [IPNetwork.Parse("198.18.0.0/16")]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_every_name_has_such_an_address_a_server_is_reached_by_it()
    {
        var next = 2;
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        var resolver = new Resolver(name => given.TryGetValue(name, out var old) ? [old] : [given[name] = $"198.18.0.{next++}"]);

        (await AddressesAsync(resolver, "api.example.net")).ShouldBe([IPAddress.Parse("198.18.0.2")]);
        await AddressesAsync(resolver, "db.example.net");

        resolver.Asked.Count.ShouldBe(5, "it is found out once: three names besides the two servers");
        resolver.Asked.ShouldContain(name => name.EndsWith(".example.com", StringComparison.Ordinal) && name.Length > 30, "one that nobody has");
    }

    // On an ordinary host whoever owns a name gives it any address.
    [Fact]
    public async Task An_ordinary_host_is_not_taken_for_one_by_a_name_that_has_such_an_address() =>
        (await RefusedAsync(name => name switch { "evil.example.net" => ["198.18.0.9"], "example.com" or "example.org" => ["11.0.0.1"], _ => [] })).ShouldContain("that stands for another");

    [Fact]
    public async Task One_of_the_known_names_with_a_real_address_is_enough_to_say_no() =>
        (await RefusedAsync(name => name == "example.org" ? ["11.0.0.1"] : [$"198.18.1.{name.Length}"])).ShouldContain("that stands for another");

    [Fact]
    public async Task A_resolver_that_has_no_name_that_nobody_has_is_an_ordinary_one() =>
        (await RefusedAsync(name => name.EndsWith(".example.com", StringComparison.Ordinal) ? [] : [$"198.18.1.{name.Length}"])).ShouldContain("that stands for another");

    [Fact]
    public async Task A_resolver_that_sends_all_names_to_one_place_is_a_portal() =>
        (await RefusedAsync(_ => ["198.18.0.9"])).ShouldContain("that stands for another");

    [Fact]
    public async Task The_clients_own_address_stays_this_hosts()
    {
        var next = 2;

        (await RefusedAsync(name => name == "evil.example.net" ? ["198.18.0.1"] : [$"198.18.0.{next++}"])).ShouldContain("of this host");
    }

    [Fact]
    public async Task A_name_with_another_bad_address_beside_stays_refused()
    {
        var next = 2;

        (await RefusedAsync(name => name == "evil.example.net" ? ["198.18.0.200", "10.0.0.1"] : [$"198.18.0.{next++}"])).ShouldContain("private network");
    }

    private static async Task<string> RefusedAsync(Func<string, string[]> answer) =>
        (await Should.ThrowAsync<EgressException>(() => AddressesAsync(new Resolver(answer), "evil.example.net"))).Message;

    private static Task<IReadOnlyList<IPAddress>> AddressesAsync(Resolver resolver, string name) => Of(resolver).AddressesAsync(HostName.OfWire(name)!, isPrivate: false, Cancel);

    private static Upstream Of(Resolver resolver) => resolver.Upstream ??= new Upstream(resolver, () => Judge.WhyNot);

    private sealed class Resolver(Func<string, string[]> answer) : IHostResolver
    {
        public List<string> Asked { get; } = [];

        public Upstream? Upstream { get; set; }

        public Task<IReadOnlyList<IPAddress>> ResolveAsync(string name, CancellationToken cancel)
        {
            Asked.Add(name);
            return Task.FromResult<IReadOnlyList<IPAddress>>([.. answer(name).Select(IPAddress.Parse)]);
        }
    }
}
