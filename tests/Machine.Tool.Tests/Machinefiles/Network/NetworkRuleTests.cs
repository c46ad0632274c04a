using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Tests.Machinefiles.Network;

/// <summary>Names and rules are parsed once, strictly, into values that everything else compares.</summary>
public sealed class NetworkRuleTests
{
    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("API.Example.COM", "api.example.com")]
    [InlineData("a-b.c1.example", "a-b.c1.example")]
    [InlineData("bücher.example", "xn--bcher-kva.example")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example")]
    public void A_name_is_lower_case_ascii(string text, string name) => HostName.TryParse(text, out _).ShouldNotBeNull().Text.ShouldBe(name);

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("printer.local")]
    [InlineData("metadata.google.internal")]
    [InlineData("example.com.")]
    [InlineData(".example.com")]
    [InlineData("example..com")]
    [InlineData("-a.example.com")]
    [InlineData("a-.example.com")]
    [InlineData("a_b.example.com")]
    [InlineData("exa mple.com")]
    [InlineData("example.com\0.evil.com")]
    [InlineData("example.com\n")]
    [InlineData("127.0.0.1")]
    [InlineData("0x7f.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("1.2.3.0x")]
    [InlineData("[::1]")]
    [InlineData("::ffff:1.2.3.4")]
    [InlineData("user@example.com")]
    [InlineData("example.com/x")]
    public void What_is_no_name_of_the_internet_is_none(string text)
    {
        HostName.TryParse(text, out var flaw).ShouldBeNull();
        flaw.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void A_name_has_a_length()
    {
        HostName.TryParse(new string('a', 64) + ".com", out _).ShouldBeNull();
        HostName.TryParse(string.Join('.', Enumerable.Repeat("abcdefg", 31)) + ".com1", out _).ShouldNotBeNull().Text.Length.ShouldBe(252);
        HostName.TryParse(string.Join('.', Enumerable.Repeat("abcdefg", 31)) + ".com123", out _).ShouldBeNull();
    }

    [Theory]
    [InlineData("api.example.com", "api.example.com", 443, true)]
    [InlineData("api.example.com", "api.example.com", 80, true)]
    [InlineData("api.example.com", "api.example.com", 8443, false)]
    [InlineData("api.example.com", "x.api.example.com", 443, false)]
    [InlineData("api.example.com", "example.com", 443, false)]
    [InlineData("*.example.com", "a.example.com", 443, true)]
    [InlineData("*.example.com", "a.b.example.com", 443, true)]
    [InlineData("*.example.com", "example.com", 443, false)]
    [InlineData("*.example.com", "evilexample.com", 443, false)]
    [InlineData("db.example.com:5432", "db.example.com", 5432, true)]
    [InlineData("db.example.com:5432", "db.example.com", 443, false)]
    public void A_rule_covers_what_it_says(string rule, string name, int port, bool covers) =>
        Parsed(rule).Covers(HostName.TryParse(name, out _)!, port).ShouldBe(covers);

    [Theory]
    [InlineData("api.example.com", 443, "Tls")]
    [InlineData("api.example.com", 80, "Http")]
    [InlineData("db.example.com:5432", 5432, "Tcp")]
    [InlineData("x.example.com:8443", 8443, "Tls")]
    [InlineData("x.example.com:5000/tls", 5000, "Tls")]
    [InlineData("x.example.com:443/tcp", 443, "Tcp")]
    public void What_is_spoken_follows_from_the_port_or_is_said(string rule, int port, string protocol) => Parsed(rule).ProtocolAt(port).ToString().ShouldBe(protocol);

    [Theory]
    [InlineData("*.com", "every server of .com")]
    [InlineData("*.co.uk", "everybody below co.uk")]
    [InlineData("*.github.io", "everybody below github.io")]
    [InlineData("*.foo.ck", "everybody below foo.ck")]
    [InlineData("*.amazonaws.com", "below amazonaws.com where anybody")]
    [InlineData("*", "")]
    [InlineData("*.*.example.com", "")]
    [InlineData("a.*.example.com", "")]
    [InlineData("10.0.0.5", "address")]
    [InlineData("example.com:0", "port")]
    [InlineData("example.com:65536", "port")]
    [InlineData("example.com:+80", "port")]
    [InlineData("example.com:443/udp", "protocol")]
    [InlineData("example.com/tcp", "protocol and no port")]
    [InlineData("docker", "is no preset: images come from whichever registry you use")]
    [InlineData("nuget", "needs no rule")]
    [InlineData("githab", "github?")]
    public void What_is_no_rule_is_told_with_what_was_meant(string text, string says)
    {
        var flaw = NameRules.CheckServer(text).ShouldNotBeNull();

        $"{flaw.What} {flaw.Remedy}".ShouldContain(says);
        flaw.Remedy.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void Every_preset_is_made_of_rules() =>
        NetworkPresets.Names.SelectMany(name => NetworkSettings.RulesOf(new NetworkEntry(name))).Count().ShouldBeGreaterThan(5);

    [Theory]
    [InlineData("BÜCHER.example")]
    [InlineData("bu\u0308cher.example")]
    public void Letters_beyond_ascii_are_written_in_one_way(string text) => HostName.TryParse(text, out _).ShouldBeNull();

    [Fact]
    public void What_comes_over_a_wire_is_ascii() => HostName.OfWire("b\u00fccher.example").ShouldBeNull();

    [Fact]
    public void The_rule_that_says_most_of_a_server_is_the_one_that_counts()
    {
        var rules = new NetworkRules([Parsed("*.example.com"), Parsed("git.example.com"), Parsed("git.example.com") with { Private = true }], []);

        rules.Allowing(HostName.TryParse("git.example.com", out _)!, 443).ShouldBe(Parsed("git.example.com") with { Private = true });
    }

    [Theory]
    [InlineData("*.www.ck")]
    [InlineData("*.example.co.uk")]
    public void A_star_below_a_name_of_ones_own_is_a_rule(string text) => NameRules.CheckServer(text).ShouldBeNull();

    [Fact]
    public void Deny_beats_allow_and_without_a_port_it_is_for_all_of_them()
    {
        var rules = new NetworkRules([Parsed("*.example.com"), Parsed("db.example.com:5432")], [Parsed("db.example.com")]);
        var db = HostName.TryParse("db.example.com", out _)!;

        rules.Denying(db, 5432).ShouldNotBeNull();
        rules.Denying(db, 443).ShouldNotBeNull();
        rules.Denying(HostName.TryParse("a.example.com", out _)!, 443).ShouldBeNull();
    }

    private static NetworkRule Parsed(string text) => NetworkRule.Parse(text).Rule.ShouldNotBeNull();
}
