using Machine.Tool.Doors.Git;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Tests.Doors.Git;

/// <summary>git itself says where it would go.</summary>
public sealed class GitRewritesTests : IDisposable
{
    private const string Door = "http://127.0.0.1:7780/git/";

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("https://git.example.com/acme/shop.git", "http://127.0.0.1:7780/git/git.example.com/acme/shop.git")]
    [InlineData("git@git.example.com:acme/shop.git", "http://127.0.0.1:7780/git/git.example.com/acme/shop.git")]
    [InlineData("ssh://git@git.example.com/acme/shop", "http://127.0.0.1:7780/git/git.example.com/acme/shop")]
    [InlineData("https://git.example.com:8443/acme/shop", "http://127.0.0.1:7780/git/git.example.com:8443/acme/shop")]
    [InlineData("https://git.example.com.evil.example/acme/shop", "https://git.example.com.evil.example/acme/shop")]
    [InlineData("https://other.example.com/acme/shop", "https://other.example.com/acme/shop")]
    [InlineData("git@other.example.com:acme/shop", "git@other.example.com:acme/shop")]
    public async Task The_servers_that_rules_name_are_asked_through_the_door_and_no_others(string remote, string asked)
    {
        var variables = new Dictionary<string, string>();
        GitRewrites.Add(variables, Rules("git:git.example.com/acme/*", "git+push:git.example.com/acme/shop", "git:git.example.com:8443/acme/*"), Door);

        (await UrlAsync(remote, variables)).ShouldBe(asked);
    }

    [Fact]
    public async Task What_a_user_sets_in_the_same_way_stays()
    {
        var variables = new Dictionary<string, string> { ["GIT_CONFIG_COUNT"] = "1", ["GIT_CONFIG_KEY_0"] = "url.https://git.example.com/.insteadOf", ["GIT_CONFIG_VALUE_0"] = "short:" };
        GitRewrites.Add(variables, Rules("git:git.example.com/acme/*"), Door);

        (await UrlAsync("short:acme/shop", variables)).ShouldBe("https://git.example.com/acme/shop");
        (await UrlAsync("https://git.example.com/acme/shop", variables)).ShouldStartWith(Door);
    }

    [Fact]
    public void Without_a_rule_and_with_what_is_no_count_nothing_is_set()
    {
        var none = new Dictionary<string, string>();
        GitRewrites.Add(none, Rules("api.example.com"), Door);
        none.ShouldBeEmpty();

        var odd = new Dictionary<string, string> { ["GIT_CONFIG_COUNT"] = "-1" };
        GitRewrites.Add(odd, Rules("git:git.example.com/acme/*"), Door);
        odd.Count.ShouldBe(1);
    }

    private static NetworkRules Rules(params string[] rules) => new NetworkSettings([.. rules.Select(rule => new NetworkEntry(rule))], []).ToRules();

    private async Task<string> UrlAsync(string remote, Dictionary<string, string> variables)
    {
        var run = await HostProgram.TryRunAsync(
            "git",
            ["ls-remote", "--get-url", remote],
            TestContext.Current.CancellationToken,
            folder: folder.Path,
            variables: variables.ToDictionary(one => one.Key, one => (string?)one.Value).Concat([new("HOME", folder.Path), new("GIT_CONFIG_NOSYSTEM", "1")]).ToDictionary());
        run.ExitCode.ShouldBe(0, run.Error);
        return run.Output.Trim();
    }
}
