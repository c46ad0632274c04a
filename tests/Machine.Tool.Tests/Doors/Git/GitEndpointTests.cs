using System.Security.Cryptography;
using Machine.Tool.Doors.Egress;

namespace Machine.Tool.Tests.Doors.Git;

/// <summary>A real git inside clones, fetches and pushes through the host, which alone has the password.</summary>
public sealed class GitEndpointTests : IAsyncLifetime
{
    private GitUnderTest git = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix sockets, and a helper in shell");
        git = await GitUnderTest.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (git is not null)
        {
            await git.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2")]
    public async Task A_clone_by_its_plain_address_works_and_so_does_a_fetch(string protocol)
    {
        var bare = await git.ServeAsync("acme/shop");
        git.Allow("git:acme/*");

        (await git.GuestAsync("-c", $"protocol.version={protocol}", "clone", $"https://{git.Place}/acme/shop")).ShouldSucceed();
        var shop = Path.Combine(git.GuestHome, "shop");
        File.ReadAllText(Path.Combine(shop, "file.txt")).ShouldBe("hello\n");
        (await git.GitAsync(shop, "remote", "get-url", "origin")).Output.Trim().ShouldBe($"https://{git.Place}/acme/shop");

        File.WriteAllText(Path.Combine(git["work-acme-shop"], "file.txt"), "more\n");
        await git.CommitAsync(git["work-acme-shop"], "second");
        (await git.GitAsync(git["work-acme-shop"], "push", "-q", bare, "main")).ShouldSucceed();
        (await git.GuestInAsync(shop, "-c", $"protocol.version={protocol}", "pull", "-q")).ShouldSucceed();
        File.ReadAllText(Path.Combine(shop, "file.txt")).ShouldBe("more\n");

        git.Upstream.Requests.Any(request => request.Headers.GetValueOrDefault("Git-Protocol") == "version=2").ShouldBe(protocol == "2");
        var log = git.Logged();
        log.ShouldContain(entry => entry.End == EgressEnd.Allowed && entry.Server == GitUnderTest.Server && entry.Request == "fetch from acme/shop" && entry.Rule == $"git:{git.Place}/acme/*");
        log.ShouldContain(entry => entry.End == EgressEnd.Closed && entry.BytesIn > 100);
        log.ShouldNotContain(entry => entry.End == EgressEnd.Denied || entry.End == EgressEnd.Failed);
        git.Helper.ShouldContain($"host={git.Place}\n");
        git.Helper.ShouldContain("store\n");
    }

    [Fact]
    public async Task The_password_is_nowhere_inside()
    {
        await git.ServeAsync("acme/shop");
        git.Allow("git+push:acme/shop");
        var trace = new Dictionary<string, string> { ["GIT_TRACE_CURL"] = "1", ["GIT_TRACE"] = "1", ["GIT_TRACE_PACKET"] = "1", ["GIT_TRACE_REDACT"] = "0" };

        var clone = (await git.GuestAsync(trace, "clone", $"https://{git.Place}/acme/shop.git")).ShouldSucceed();

        clone.Error.ShouldContain("Send header");
        git.Upstream.Requests.ShouldContain(request => request.Authorization != null, "the host has sent it");
        string[] secrets = [GitServer.Password, Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{GitServer.User}:{GitServer.Password}"))];
        var seen = clone.Output + clone.Error + string.Concat(Directory.EnumerateFiles(git.GuestHome, "*", SearchOption.AllDirectories).Select(file => File.ReadAllText(file)));
        secrets.ShouldAllBe(secret => !seen.Contains(secret, StringComparison.Ordinal));
        File.ReadAllText(git.LogFile).ShouldNotContain(GitServer.Password);
    }

    [Fact]
    public async Task A_shallow_clone_can_be_deepened()
    {
        var bare = await git.ServeAsync("acme/shop");
        for (var i = 0; i < 5; i++)
        {
            File.WriteAllText(Path.Combine(git["work-acme-shop"], "file.txt"), $"{i}\n");
            await git.CommitAsync(git["work-acme-shop"], $"{i}");
        }

        (await git.GitAsync(git["work-acme-shop"], "push", "-q", bare, "main")).ShouldSucceed();
        git.Allow("git:acme/shop");

        (await git.GuestAsync("clone", "-q", "--depth", "1", $"https://{git.Place}/acme/shop", "shop")).ShouldSucceed();
        var shop = Path.Combine(git.GuestHome, "shop");
        (await git.GitAsync(shop, "rev-list", "--count", "HEAD")).Output.Trim().ShouldBe("1");
        (await git.GuestInAsync(shop, "fetch", "-q", "--unshallow")).ShouldSucceed();
        (await git.GitAsync(shop, "rev-list", "--count", "HEAD")).Output.Trim().ShouldBe("6");
    }

    [Fact]
    public async Task Fifty_mebibytes_are_pushed_and_cloned_whole()
    {
        var bare = await git.ServeAsync("acme/shop");
        git.Allow("git+push:acme/shop");
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();
        var shop = Path.Combine(git.GuestHome, "shop");
        var blob = RandomNumberGenerator.GetBytes(50 << 20);
        await File.WriteAllBytesAsync(Path.Combine(shop, "blob"), blob, TestContext.Current.CancellationToken);
        await git.CommitAsync(shop, "large");

        (await git.GuestInAsync(shop, "push", "-q")).ShouldSucceed();
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop", "again")).ShouldSucceed();

        (await git.GitAsync(bare, "log", "-1", "--format=%s", "main")).Output.Trim().ShouldBe("large");
        var back = await File.ReadAllBytesAsync(Path.Combine(git.GuestHome, "again", "blob"), TestContext.Current.CancellationToken);
        back.AsSpan().SequenceEqual(blob).ShouldBeTrue();
        var log = git.Logged();
        log.ShouldContain(entry => entry.End == EgressEnd.Closed && entry.Request == "push to acme/shop" && entry.BytesOut > 50 << 20);
        log.ShouldContain(entry => entry.End == EgressEnd.Closed && entry.Request == "fetch from acme/shop" && entry.BytesIn > 50 << 20);
    }

    [Fact]
    public async Task Who_may_clone_may_not_push_and_git_says_why()
    {
        var bare = await git.ServeAsync("acme/shop");
        git.Allow("git:acme/*");
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();
        var shop = Path.Combine(git.GuestHome, "shop");
        File.WriteAllText(Path.Combine(shop, "file.txt"), "changed\n");
        await git.CommitAsync(shop, "changed");

        var push = await git.GuestInAsync(shop, "push");

        push.ExitCode.ShouldNotBe(0);
        push.Error.ShouldContain($"fatal: remote error: machine: {git.Place}/acme/shop may be cloned and not pushed to; on the host: dotnet machine network allow git+push:{git.Place}/acme/shop");
        (await git.GitAsync(bare, "log", "--format=%s", "main")).Output.Trim().ShouldBe("first");
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Denied && entry.Request == "push to acme/shop" && entry.Wish == $"git+push:{git.Place}/acme/shop");

        // At the next request, without anything being started anew.
        git.Allow("git+push:acme/shop");
        (await git.GuestInAsync(shop, "push", "-q")).ShouldSucceed();
        (await git.GitAsync(bare, "log", "-1", "--format=%s", "main")).Output.Trim().ShouldBe("changed");
        git.Deny("git+push:acme/*");
        (await git.GuestInAsync(shop, "push")).Error.ShouldContain($"is denied by the rule git+push:{git.Place}/acme/*");
        (await git.GuestInAsync(shop, "fetch", "-q")).ShouldSucceed();
        git.Deny(GitUnderTest.Server);
        (await git.GuestInAsync(shop, "fetch")).Error.ShouldContain($"is denied by the rule {GitUnderTest.Server}");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    public async Task Another_repository_is_denied_with_the_rule_that_would_allow_it(string protocol)
    {
        await git.ServeAsync("acme/shop");
        await git.ServeAsync("other/private");
        git.Allow("git:acme/*");

        var clone = await git.GuestAsync("-c", $"protocol.version={protocol}", "clone", $"https://{git.Place}/other/private");

        clone.ExitCode.ShouldNotBe(0);
        clone.Error.ShouldContain($"fatal: remote error: machine: {git.Place}/other/private is not among the repositories");
        clone.Error.ShouldContain($"dotnet machine network allow git:{git.Place}/other/private");
        git.Upstream.Requests.ShouldBeEmpty();
        git.Resolver.Asked.ShouldBeEmpty();
        git.Helper.ShouldBe("");
    }

    [Fact]
    public async Task What_is_for_everybody_is_cloned_without_a_credential()
    {
        await git.ServeAsync("public/shop");
        git.Allow("git:public/shop");

        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/public/shop")).ShouldSucceed();

        git.Helper.ShouldBe("");
        git.Upstream.Requests.ShouldAllBe(request => request.Authorization == null);
    }

    [Fact]
    public async Task Without_a_credential_nobody_is_asked_and_git_says_what_is_missing()
    {
        await git.ServeAsync("acme/shop");
        git.Allow("git:acme/shop");
        git.KnowsNothing();
        File.WriteAllText(Path.Combine(git.HostHome, "ask"), $"#!/bin/sh\ntouch '{git["asked"]}'\necho x\n");
        File.SetUnixFileMode(Path.Combine(git.HostHome, "ask"), (UnixFileMode)0b111_000_000);
        File.AppendAllText(Path.Combine(git.HostHome, ".gitconfig"), $"[core]\n\taskPass = {Path.Combine(git.HostHome, "ask")}\n");

        var clone = await git.GuestAsync("clone", $"https://{git.Place}/acme/shop");

        clone.Error.ShouldContain($"fatal: remote error: machine: {git.Place}/acme/shop wants credentials, and this host's git has none");
        File.Exists(git["asked"]).ShouldBeFalse();
        git.Logged().Last().End.ShouldBe(EgressEnd.Failed);
    }

    [Fact]
    public async Task A_wrong_password_is_told_and_the_helper_forgets_it()
    {
        await git.ServeAsync("acme/shop");
        git.Allow("git:acme/shop");
        git.Knows(GitServer.User, "wrong");

        (await git.GuestAsync("clone", $"https://{git.Place}/acme/shop")).Error.ShouldContain("does not take the credentials of this host's git");

        git.Helper.ShouldContain("erase\n");
        git.Helper.ShouldNotContain("store\n");
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_told()
    {
        git.Allow("git:acme/*");

        (await git.GuestAsync("clone", $"https://{git.Place}/acme/nothing")).Error.ShouldContain("has no such repository, or not for the credentials of this host's git (acme/nothing)");
    }

    [Fact]
    public async Task A_server_that_is_gone_is_told()
    {
        git.Allow("git:acme/*");
        git.Resolver.Addresses = [];

        (await git.GuestAsync("clone", $"https://{git.Place}/acme/shop")).ShouldSatisfyAllConditions(
            run => run.ExitCode.ShouldBe(128),
            run => run.Error.ShouldContain($"fatal: remote error: machine: {GitUnderTest.Server} has no address"));
    }

    [Fact]
    public async Task A_repository_that_was_renamed_is_followed_where_a_rule_names_it()
    {
        await git.ServeAsync("acme/shop");
        git.Upstream.Instead = context =>
        {
            if (!context.Request.Path.StartsWithSegments("/acme/old"))
            {
                return Task.FromResult(false);
            }

            context.Response.Redirect($"https://{git.Place}/acme/shop.git/info/refs?service=git-upload-pack", permanent: true);
            return Task.FromResult(true);
        };
        git.Allow("git:acme/old");
        (await git.GuestAsync("clone", $"https://{git.Place}/acme/old")).Error.ShouldContain($"acme/old is now elsewhere: {git.Place}/acme/shop is not among");

        git.Allow("git:acme/*");
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/old")).ShouldSucceed();
        File.Exists(Path.Combine(git.GuestHome, "old", "file.txt")).ShouldBeTrue();
    }

    [Fact]
    public async Task Submodules_come_by_the_same_rules()
    {
        await git.ServeAsync("acme/shop");
        await git.ServeAsync("acme/part");
        await git.ServeAsync("other/private");
        var work = git["work-acme-shop"];
        File.WriteAllText(Path.Combine(work, ".gitmodules"), $"[submodule \"part\"]\n\tpath = part\n\turl = https://{git.Place}/acme/part.git\n[submodule \"private\"]\n\tpath = private\n\turl = https://{git.Place}/other/private.git\n");
        foreach (var (path, name) in new[] { ("acme/part", "part"), ("other/private", "private") })
        {
            var head = (await git.GitAsync(git["work-" + path.Replace('/', '-')], "rev-parse", "HEAD")).Output.Trim();
            (await git.GitAsync(work, "update-index", "--add", "--cacheinfo", $"160000,{head},{name}")).ShouldSucceed();
        }

        (await git.GitAsync(work, "add", ".gitmodules")).ShouldSucceed();
        (await git.GitAsync(work, "commit", "-q", "-m", "parts")).ShouldSucceed();
        (await git.GitAsync(work, "push", "-q", Path.Combine(git["served"], "acme/shop.git"), "main")).ShouldSucceed();
        git.Allow("git:acme/*");

        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();
        var shop = Path.Combine(git.GuestHome, "shop");
        (await git.GuestInAsync(shop, "submodule", "update", "--init", "part")).ShouldSucceed();
        var denied = await git.GuestInAsync(shop, "submodule", "update", "--init", "private");

        File.ReadAllText(Path.Combine(shop, "part", "file.txt")).ShouldBe("hello\n");
        denied.ExitCode.ShouldNotBe(0);
        denied.Error.ShouldContain("other/private is not among the repositories");
    }
}
