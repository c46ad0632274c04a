using System.IO.Compression;
using System.Net;
using System.Text;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Tests.Doors.Git;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// Root of the guest writes to git's door what it likes, and has an accomplice who runs a server. After the password of the host's user, other repositories that it
/// opens, and a push where a clone was allowed.
/// </summary>
public sealed class GitAttacks : IAsyncLifetime
{
    private const string Listing = "info/refs?service=git-upload-pack";
    private const string Fetch = "Content-Type: application/x-git-upload-pack-request";
    private const string Push = "Content-Type: application/x-git-receive-pack-request";

    private static readonly byte[] Flush = "0000"u8.ToArray();

    private GitUnderTest git = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix sockets, and a helper in shell");
        git = await GitUnderTest.StartAsync();
        git.Allow("git:acme/*");
    }

    public async ValueTask DisposeAsync()
    {
        if (git is not null)
        {
            await git.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("GET /git/{0}/acme/../other/private/" + Listing)]
    [InlineData("GET /git/{0}/acme/%2e%2e/other/private/" + Listing)]
    [InlineData("GET /git/{0}/acme/%2E%2E%2Fother%2Fprivate/" + Listing)]
    [InlineData("GET /git/{0}/acme%2fshop/" + Listing)]
    [InlineData("GET /git/{0}/acme/..;/other/" + Listing)]
    [InlineData("GET /git/{0}/acme/shop;x/" + Listing)]
    [InlineData("GET /git/{0}/acme\\..\\other/" + Listing)]
    [InlineData("GET /git/{0}/acme/%5c..%5cother/" + Listing)]
    [InlineData("GET /git/{0}//acme/shop/" + Listing)]
    [InlineData("GET /git/{0}/acme//shop/" + Listing)]
    [InlineData("GET /git/{0}/acme/./shop/" + Listing)]
    [InlineData("GET /git/{0}/acme/shop%00.git/" + Listing)]
    [InlineData("GET /git/{0}/acme/shop%0d%0aX:y/" + Listing)]
    [InlineData("GET /git/{0}/acme/shop%23/" + Listing)]
    [InlineData("GET /git/{0}/acme/shop%3f/" + Listing)]
    [InlineData("GET /git/{0}/acme/sh\u00f6p/" + Listing)]
    [InlineData("GET /git/{0}/acme/shop/" + Listing + "&x=y")]
    [InlineData("GET /git/{0}/acme/shop/info/refs")]
    [InlineData("GET /git/{0}/acme/shop/info/refs?service=git-upload-archive")]
    [InlineData("GET /git/{0}/acme/shop/info/refs?x=y&service=git-upload-pack")]
    [InlineData("GET /git/{0}/acme/shop/HEAD")]
    [InlineData("GET /git/{0}/acme/shop/objects/info/packs")]
    [InlineData("GET /git/{0}/acme/shop/git-upload-pack")]
    [InlineData("HEAD /git/{0}/acme/shop/" + Listing)]
    [InlineData("PUT /git/{0}/acme/shop/git-receive-pack")]
    [InlineData("POST /git/{0}/acme/shop/git-upload-pack?x=y")]
    [InlineData("GET /git/{0}/acme/shop/info/lfs/objects/batch")]
    [InlineData("POST /git/{0}/acme/shop/info/lfs/objects/batch")]
    [InlineData("POST /git/{0}/acme/shop/info/lfs/objects/batch?x=y")]
    [InlineData("POST /git/{0}/acme/../other/private.git/info/lfs/objects/batch")]
    [InlineData("GET /git/{0}/acme/shop/info/lfs/transfer/00000000000000000000000000000000")]
    [InlineData("GET /git/{0}/acme/shop/info/lfs/transfer/../../../other")]
    [InlineData("DELETE /git/{0}/acme/shop/info/lfs/transfer/00000000000000000000000000000000")]
    [InlineData("POST /git/{0}/acme/shop/info/lfs/locks")]
    [InlineData("GET /git/me:secret@{0}/acme/shop/" + Listing)]
    [InlineData("GET /git/me@{0}/acme/shop/" + Listing)]
    [InlineData("GET /git/127.0.0.1/acme/shop/" + Listing)]
    [InlineData("GET /git/0x7f.1/acme/shop/" + Listing)]
    [InlineData("GET /git/localhost/acme/shop/" + Listing)]
    [InlineData("GET /git/[::1]/acme/shop/" + Listing)]
    [InlineData("GET /git/git.example.com:/acme/shop/" + Listing)]
    [InlineData("GET /git/git.example.com:+443/acme/shop/" + Listing)]
    [InlineData("GET /git/git.example.com:99999/acme/shop/" + Listing)]
    [InlineData("GET /git/git.example.com./acme/shop/" + Listing)]
    [InlineData("GET /git/git.ex\u00e4mple.com/acme/shop/" + Listing)]
    [InlineData("GET /git/git.example.com%2eevil.example/acme/shop/" + Listing)]
    [InlineData("GET /nuget/../git/{0}/acme/shop/" + Listing)]
    [InlineData("GET /%67it/{0}/acme/shop/" + Listing)]
    [InlineData("GET http://{0}/acme/shop/" + Listing)]
    [InlineData("GET http://localhost/git/{0}/acme/shop/" + Listing)]
    [InlineData("CONNECT {0}")]
    public async Task What_is_no_plain_request_to_a_plain_address_reaches_nobody(string line)
    {
        var answer = await git.RawAsync(string.Format(null, line, git.Place) + " HTTP/1.1");

        answer.ShouldMatch("^HTTP/1.1 (4|5)");
        NobodyWasAsked();
    }

    [Theory]
    [InlineData("/git/{0}/other/private/")]
    [InlineData("/git/{0}/Acme/shop/")]
    [InlineData("/git/{0}/acme/")]
    [InlineData("/git/{0}/acme/shop/more/")]
    [InlineData("/git/git.example.com/acme/shop/")]
    [InlineData("/git/git.example.com:22/acme/shop/")]
    [InlineData("/git/evil.example.com/acme/shop/")]
    [InlineData("/git/git.example.com.evil.example/acme/shop/")]
    public async Task What_no_rule_names_is_neither_looked_up_nor_asked(string place)
    {
        place = string.Format(null, place, git.Place);
        (await git.RawAsync($"GET {place}{Listing} HTTP/1.1")).ShouldContain("ERR machine: ");
        (await git.RawAsync($"POST {place}git-upload-pack HTTP/1.1", Fetch, Flush)).ShouldContain("ERR machine: ");

        NobodyWasAsked();
        git.Logged().Count(entry => entry.End == EgressEnd.Denied).ShouldBe(2);
    }

    [Fact]
    public async Task A_push_is_refused_at_each_of_its_requests_where_only_a_clone_is_allowed()
    {
        (await git.RawAsync($"GET /git/{git.Place}/acme/shop/info/refs?service=git-receive-pack HTTP/1.1")).ShouldContain("ERR machine: ");
        (await git.RawAsync($"POST /git/{git.Place}/acme/shop/git-receive-pack HTTP/1.1", Push, Flush)).ShouldStartWith("HTTP/1.1 403 ");
        // The service of the one in the clothes of the other.
        (await git.RawAsync($"POST /git/{git.Place}/acme/shop/git-upload-pack HTTP/1.1", Push, Flush)).ShouldContain("ERR machine: ");

        NobodyWasAsked();
    }

    [Fact]
    public async Task Nothing_that_the_guest_adds_reaches_the_server()
    {
        await git.ServeAsync("acme/shop");

        var answer = await git.RawAsync(
            $"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1",
            "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\nProxy-Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\nCookie: guest=1\r\nX-Forwarded-Host: evil.example.com\r\nX-Http-Method-Override: DELETE\r\n"
            + "Git-Protocol: version=2:evil\r\nRange: bytes=0-\r\nUser-Agent: guest");

        answer.ShouldStartWith("HTTP/1.1 200 ");
        git.Upstream.Requests.Count.ShouldBe(2);
        git.Upstream.Requests.SelectMany(request => request.Headers.Keys).Distinct().ShouldBe(["Accept", "Host", "User-Agent", "Authorization"], ignoreOrder: true);
        git.Upstream.Requests.SelectMany(request => request.Headers.Values).ShouldAllBe(value => !value.Contains("guest", StringComparison.Ordinal) && !value.Contains("Z3Vlc3Q", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nothing_but_the_answer_comes_back_from_the_server()
    {
        git.Upstream.Instead = async context =>
        {
            context.Response.ContentType = "application/x-git-upload-pack-advertisement";
            context.Response.Headers.SetCookie = "a=b";
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"say it\"";
            context.Response.Headers["X-Echo"] = context.Request.Headers.Authorization.ToString();
            context.Response.Headers.Location = "https://evil.example.com/";
            await context.Response.WriteAsync("0000");
            return true;
        };

        var head = (await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1")).Split("\r\n\r\n")[0];

        head.Split("\r\n")[1..].Select(line => line.Split(':')[0]).ShouldBeSubsetOf(["Content-Type", "Date", "Cache-Control", "Transfer-Encoding", "Connection"]);
    }

    [Theory]
    [InlineData("https://evil.example.com/acme/shop.git/" + Listing)]
    [InlineData("https://{0}/other/private.git/" + Listing)]
    [InlineData("/other/private.git/" + Listing)]
    [InlineData("/acme/../other/private.git/" + Listing)]
    [InlineData("//evil.example.com/acme/shop/" + Listing)]
    [InlineData("https://{0}@evil.example.com/acme/shop/" + Listing)]
    [InlineData("https://{0}/acme/shop.git/info/refs?service=git-receive-pack")]
    [InlineData("http://{0}/acme/shop.git/" + Listing)]
    [InlineData("https://169.254.169.254/latest/meta-data/" + Listing)]
    [InlineData("https://{0}/acme/shop.git/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("")]
    public async Task A_server_leads_the_host_nowhere_that_no_rule_names(string location)
    {
        location = string.Format(null, location, git.Place);
        git.Upstream.Instead = context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = location;
            return Task.FromResult(true);
        };

        var answer = await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1");

        answer.ShouldContain("ERR machine: ");
        git.Upstream.Requests.Count.ShouldBe(1);
        git.Resolver.Asked.Distinct().ShouldBe([GitUnderTest.Server]);
        git.Helper.ShouldBe("");
        git.Logged().Last().End.ShouldBe(EgressEnd.Denied);
    }

    [Fact]
    public async Task An_exchange_is_not_sent_on()
    {
        git.Upstream.Instead = context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"https://{git.Place}/acme/other/git-upload-pack";
            return Task.FromResult(true);
        };

        (await git.RawAsync($"POST /git/{git.Place}/acme/shop/git-upload-pack HTTP/1.1", Fetch, Flush)).ShouldContain("which is not followed");

        git.Upstream.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/x-git-receive-pack-advertisement")]
    [InlineData("application/x-git-upload-pack-advertisement; charset=x")]
    public async Task What_is_no_answer_of_git_is_not_handed_on(string type)
    {
        git.Upstream.Instead = async context =>
        {
            context.Response.ContentType = type;
            await context.Response.WriteAsync("canary of another service");
            return true;
        };

        (await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1")).ShouldSatisfyAllConditions(answer => answer.ShouldContain("ERR machine: "), answer => answer.ShouldNotContain("canary"));
    }

    [Fact]
    public async Task A_server_s_words_are_cleaned_before_a_terminal_shows_them()
    {
        git.Upstream.Instead = async context =>
        {
            context.Response.StatusCode = 403;
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync("sign in\u001b]0;owned\u0007\n" + new string('x', 100_000));
            return true;
        };

        var answer = await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1");

        answer.ShouldContain("sign in\\x1b");
        answer.ShouldNotContain("\u001b");
        answer.Length.ShouldBeLessThan(3000);
    }

    [Fact]
    public async Task What_is_packed_stays_packed_on_the_host()
    {
        using var bomb = new MemoryStream();
        await using (var zip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await zip.WriteAsync(new byte[64 << 20]);
        }

        git.Upstream.Instead = async context =>
        {
            context.Response.ContentType = "application/x-git-upload-pack-advertisement";
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(bomb.ToArray());
            return true;
        };

        var answer = await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1");

        answer.ShouldContain("Content-Encoding: gzip");
        answer.Length.ShouldBeLessThan((int)bomb.Length * 2);
    }

    [Fact]
    public async Task An_answer_without_an_end_ends_with_the_guest_and_others_are_served_meanwhile()
    {
        await git.ServeAsync("acme/shop");
        long sent = 0;
        var ended = false;
        git.Upstream.Instead = async context =>
        {
            if (!context.Request.Path.StartsWithSegments("/acme/endless"))
            {
                return false;
            }

            context.Response.ContentType = "application/x-git-upload-pack-advertisement";
            try
            {
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(new byte[65536], context.RequestAborted);
                    sent += 65536;
                }
            }
            catch (OperationCanceledException)
            {
                // The host hung up.
            }

            ended = true;
            return true;
        };
        using (var guest = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            await guest.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(git.Socket), TestContext.Current.CancellationToken);
            await guest.SendAsync(Encoding.ASCII.GetBytes($"GET /git/{git.Place}/acme/endless/{Listing} HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
            await Poll.UntilAsync(() => sent > 0);
            // The guest reads nothing: so little is taken from the server.
            (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();
            sent.ShouldBeLessThan(32 << 20);
        }

        await Poll.UntilAsync(() => ended);
    }

    [Fact]
    public async Task A_pack_that_breaks_off_is_no_whole_one()
    {
        git.Upstream.Instead = async context =>
        {
            context.Response.ContentType = "application/x-git-upload-pack-advertisement";
            await context.Response.WriteAsync("001e# service=git-upload-pack\n");
            await context.Response.Body.FlushAsync();
            context.Abort();
            return true;
        };

        var answer = await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1");

        // The last chunk of a whole one is empty.
        answer.ShouldNotEndWith("0\r\n\r\n");
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Failed);
    }

    [Fact]
    public async Task The_password_goes_to_the_server_that_asked_and_for_what_was_asked()
    {
        await git.ServeAsync("acme/shop");
        await git.ServeAsync("public/shop");
        git.Allow("git:acme/*", "git:public/*");
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();

        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/public/shop", "everybodys")).ShouldSucceed();

        git.Upstream.Requests.Where(request => request.Target.StartsWith("/public", StringComparison.Ordinal)).ShouldAllBe(request => request.Authorization == null);
        git.Helper.Split('\n').Where(line => line.StartsWith("host=", StringComparison.Ordinal)).Distinct().ShouldBe([$"host={git.Place}"]);
    }

    [Theory]
    [InlineData("Negotiate")]
    [InlineData("Bearer realm=\"Basic\"")]
    [InlineData(null)]
    public async Task A_server_that_asks_for_another_proof_gets_no_password(string? challenge)
    {
        git.Upstream.Instead = context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = challenge;
            return Task.FromResult(true);
        };

        (await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1")).ShouldContain("wants another proof");

        git.Upstream.Requests.Single().Authorization.ShouldBeNull();
        git.Helper.ShouldBe("");
    }

    [Fact]
    public async Task A_guest_that_asks_for_what_the_server_keeps_does_not_make_the_host_forget_a_good_password()
    {
        await git.ServeAsync("acme/shop");
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();
        git.Upstream.Instead = context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return Task.FromResult(context.Request.Path.StartsWithSegments("/acme/kept"));
        };

        (await git.RawAsync($"GET /git/{git.Place}/acme/kept/{Listing} HTTP/1.1")).ShouldContain("ERR machine: ");

        git.Helper.ShouldNotContain("erase");
    }

    [Fact]
    public async Task The_configuration_of_a_repository_never_decides_which_helper_runs()
    {
        await git.DisposeAsync();
        using var hostile = new TestFolder();
        (await Tool.Hosting.HostProgram.TryRunAsync("git", ["init", "-q", hostile.Path], TestContext.Current.CancellationToken)).ExitCode.ShouldBe(0);
        File.AppendAllText(hostile[".git/config"], $"[credential]\n\thelper = \"!touch '{hostile["canary"]}'; #\"\n[core]\n\taskPass = /bin/false\n");
        // As a supervisor that began within a hook has it.
        git = await GitUnderTest.StartAsync(new Dictionary<string, string?> { ["GIT_DIR"] = hostile[".git"], ["GIT_WORK_TREE"] = hostile.Path });
        await git.ServeAsync("acme/shop");
        git.Allow("git:acme/*");

        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/acme/shop")).ShouldSucceed();

        git.Helper.ShouldContain("get\n");
        File.Exists(hostile["canary"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("127.0.0.1,192.168.1.1")]
    public async Task A_name_of_a_rule_that_leads_into_a_private_network_is_not_dialled(string addresses)
    {
        git.Resolver.Addresses = [.. addresses.Split(',').Select(IPAddress.Parse)];

        (await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1")).ShouldContain("has an address");

        git.Upstream.Requests.ShouldBeEmpty();
        git.Helper.ShouldBe("");
        git.Logged().Last().End.ShouldBe(EgressEnd.Denied);
    }

    [Fact]
    public async Task A_connection_into_a_private_network_serves_those_alone_whose_rule_says_so()
    {
        git.IsPrivate = true;
        await git.ServeAsync("inner/shop");
        await git.ServeAsync("acme/shop");
        git.AllowPrivate("git:inner/*");
        (await git.GuestAsync("clone", "-q", $"https://{git.Place}/inner/shop")).ShouldSucceed();
        var asked = git.Upstream.Requests.Count;

        (await git.RawAsync($"GET /git/{git.Place}/acme/shop/{Listing} HTTP/1.1")).ShouldContain("of a private network");

        git.Upstream.Requests.Count.ShouldBe(asked);
    }

    [Fact]
    public async Task Headers_and_bodies_that_hide_a_request_reach_nobody()
    {
        var hidden = $"GET /git/{git.Place}/other/private/{Listing} HTTP/1.1\r\nHost: localhost\r\n\r\n";
        foreach (var headers in new[] { "Transfer-Encoding: chunked\r\nContent-Length: 4", "Content-Length: 4\r\nContent-Length: 400", "Transfer-Encoding: x, chunked", "Content-Encoding: br" })
        {
            await git.RawAsync($"POST /git/{git.Place}/acme/shop/git-upload-pack HTTP/1.1\r\n{Fetch}", $"{headers}\r\n\r\n0\r\n\r\n{hidden}");
        }

        git.Upstream.Requests.ShouldAllBe(request => !request.Target.Contains("other", StringComparison.Ordinal));
        git.Logged().ShouldNotContain(entry => entry.Request == "fetch from other/private" && entry.End != EgressEnd.Denied);
    }

    private void NobodyWasAsked()
    {
        git.Upstream.Requests.ShouldBeEmpty();
        git.Resolver.Asked.ShouldBeEmpty();
        git.Helper.ShouldBe("");
    }
}
