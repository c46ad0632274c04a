using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Tests.Machinefiles.Network;

public sealed class GitRuleTests
{
    [Fact]
    public void A_name_that_ends_with_git_twice_is_no_repository_and_no_rule()
    {
        GitRepository.OfWire("git.example.com", "acme/shop.git.git").ShouldBeNull();
        GitRule.Parse("git:git.example.com/acme/shop.git.git").Flaw.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("git:git.example.com/acme/*", "git:git.example.com/acme/*")]
    [InlineData("git:GIT.example.com/acme/Shop.git", "git:git.example.com/acme/Shop")]
    [InlineData("git+push:git.example.com:8443/acme/shop", "git+push:git.example.com:8443/acme/shop")]
    [InlineData("git:git.example.com:443/acme/shop", "git:git.example.com/acme/shop")]
    [InlineData("git:git.example.com/group/**", "git:git.example.com/group/**")]
    [InlineData("git:git.example.com/acme/My%20Project/_git/shop", "git:git.example.com/acme/My%20Project/_git/shop")]
    public void A_rule_is_written_in_one_way(string text, string written)
    {
        NameRules.CheckServer(text).ShouldBeNull();
        NameRules.Server.Check(text).ShouldBeNull();
        GitRule.Parse(text).Rule!.Text.ShouldBe(written);
    }

    [Theory]
    [InlineData("git:git.example.com", "names no repository")]
    [InlineData("git:git.example.com/", "names no repository")]
    [InlineData("git:10.0.0.1/acme/shop", "has the server")]
    [InlineData("git:me@git.example.com/acme/shop", "has the server")]
    [InlineData("git:https://git.example.com/acme/shop", "has the server")]
    [InlineData("git:*.example.com/acme/shop", "has the server")]
    [InlineData("git:git.example.com:0/acme/shop", "has the server")]
    [InlineData("git:git.example.com/acme/../secret", "has the path")]
    [InlineData("git:git.example.com/acme//shop", "has the path")]
    [InlineData("git:git.example.com/**/shop", "has the path")]
    [InlineData("git:git.example.com/acme/sh*", "has the path")]
    [InlineData("git:git.example.com/acme/%2e%2e", "has the path")]
    [InlineData("git:git.example.com/acme/shop?x", "has the path")]
    [InlineData("git:git.example.com/acme/shop/", "has the path")]
    [InlineData("git:git.example.com/acme/.git", "has the path")]
    public void What_is_none_is_told(string text, string flaw) => NameRules.CheckServer(text)!.What.ShouldContain(flaw);

    [Theory]
    [InlineData("acme/shop", "acme/shop", true)]
    [InlineData("acme/shop", "acme/shop.git", true)]
    [InlineData("acme/shop", "Acme/shop", false)]
    [InlineData("acme/shop", "acme/shop.wiki.git", false)]
    [InlineData("acme/shop", "acme/shop/more", false)]
    [InlineData("acme/*", "acme/shop", true)]
    [InlineData("acme/*", "acme/sub/shop", false)]
    [InlineData("acme/*", "acme", false)]
    [InlineData("acme/**", "acme/sub/shop", true)]
    [InlineData("acme/**", "acme", false)]
    [InlineData("**", "shop", true)]
    [InlineData("*/shop", "acme/shop", true)]
    [InlineData("*/shop", "acme/other", false)]
    public void A_star_is_one_segment(string pattern, string path, bool covered) =>
        Rule("git:git.example.com/" + pattern).Covers(GitRepository.OfWire("git.example.com", path)!).ShouldBe(covered);

    [Theory]
    [InlineData("acme/secret")]
    [InlineData("ACME/Secret")]
    [InlineData("acme/secret.git")]
    [InlineData("acme/secret.GIT")]
    public void A_rule_that_denies_holds_however_a_server_might_read_the_name(string path) =>
        Rule("git:git.example.com/acme/secret").Denies(GitRepository.OfWire("git.example.com", path)!).ShouldBeTrue();

    [Theory]
    [InlineData("acme/*", "acme/shop", true)]
    [InlineData("acme/*", "*/shop", true)]
    [InlineData("acme/**", "acme/a/b", true)]
    [InlineData("acme/*", "acme/a/b", false)]
    [InlineData("acme/shop", "acme/other", false)]
    public void Rules_for_some_same_repository_overlap(string one, string other, bool overlap)
    {
        Rule("git:git.example.com/" + one).Overlaps(Rule("git:git.example.com/" + other)).ShouldBe(overlap);
        Rule("git:git.example.com/" + other).Overlaps(Rule("git:git.example.com/" + one)).ShouldBe(overlap);
        Rule("git:git.example.com/" + one).Overlaps(Rule("git:other.example.com/" + other)).ShouldBeFalse();
    }

    [Fact]
    public void To_push_is_agreed_to_apart_from_cloning()
    {
        var clone = Items(["git:git.example.com/acme/*"], []);
        var push = Items(["git:git.example.com/acme/*", "git+push:git.example.com/acme/*"], []);

        clone.Single().Widens.ShouldBeTrue();
        clone.Single().Text.ShouldBe("the guest may clone and fetch from git.example.com/acme/* (every repository there that you can reach), with your credentials");
        push.Count.ShouldBe(2);
        push[0].Identity.ShouldBe(clone[0].Identity);
        push[1].Text.ShouldBe("the guest may push to git.example.com/acme/* (every repository there that you can reach), with your credentials");
    }

    [Fact]
    public void What_a_rule_leaves_out_is_a_part_of_what_is_agreed_to()
    {
        var all = Items(["git:git.example.com/acme/*"], []).Single();
        var some = Items(["git:git.example.com/acme/*"], ["git:git.example.com/acme/secret"]).Single();

        some.Text.ShouldContain("but for what is denied: git:git.example.com/acme/secret");
        some.Identity.ShouldNotBe(all.Identity);
        Items(["git:git.example.com/acme/*"], ["git.example.com"]).First(item => item.Widens).Identity.ShouldNotBe(all.Identity);
    }

    private static GitRule Rule(string text) => GitRule.Parse(text).Rule!;

    private static List<PlanItem> Items(string[] allow, string[] deny) =>
        [.. PlanItems.OfNetwork(new NetworkSettings([.. allow.Select(rule => new NetworkEntry(rule))], [.. deny.Select(rule => new NetworkEntry(rule))]))];
}
