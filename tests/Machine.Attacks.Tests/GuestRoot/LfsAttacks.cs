using System.Text;
using System.Text.RegularExpressions;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Tests.Doors.Git;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// Root of the guest at git LFS, and a server that helps it: after the key of the server that keeps files, a push where a clone was allowed, another repository's files,
/// servers that only this host reaches, and this host's memory.
/// </summary>
public sealed partial class LfsAttacks : IAsyncLifetime
{
    private const string Type = "Content-Type: application/vnd.git-lfs+json";

    private static readonly string Oid = new('a', 64);

    private GitUnderTest git = null!;
    private LfsServer server = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix sockets, and a helper in shell");
        git = await GitUnderTest.StartAsync();
        git.Allow("git:acme/*");
        server = new LfsServer(git);
        git.Upstream.Instead = server.AnswerAsync;
    }

    public async ValueTask DisposeAsync()
    {
        if (git is not null)
        {
            await git.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_upload_is_refused_where_only_a_clone_is_allowed_at_each_of_its_requests()
    {
        (await BatchAsync("upload")).ShouldContain("may be cloned and not pushed to");
        git.Upstream.Requests.ShouldBeEmpty();

        // Given while it might, used when it may not any more.
        git.Allow("git+push:acme/*");
        var upload = Href(await BatchAsync("upload"));
        git.Allow("git:acme/*");
        (await git.RawAsync($"PUT {upload} HTTP/1.1", body: new byte[5])).ShouldContain("may be cloned and not pushed to");
        (await git.RawAsync($"GET {upload} HTTP/1.1")).ShouldContain("another one than GET");
        server.Got.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_transfer_is_one_repositorys_and_its_key_stays_on_this_host()
    {
        server.Kept[Oid] = new byte[5];
        var answer = await BatchAsync("download");
        var href = Href(answer);

        answer.ShouldNotContain(LfsServer.Key);
        answer.ShouldNotContain(LfsServer.Files);
        (await git.RawAsync($"GET {href.Replace("acme/shop", "acme/other", StringComparison.Ordinal)} HTTP/1.1")).ShouldContain("was not given");
        (await git.RawAsync($"GET {href[..^1]}{(href[^1] == '0' ? '1' : '0')} HTTP/1.1")).ShouldContain("was not given");
        git.Deny("git:acme/shop");
        (await git.RawAsync($"GET {href} HTTP/1.1")).ShouldContain("is denied by the rule");
        server.Got.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://files.example.com/x", "not https")]
    [InlineData("https://127.0.0.1/x", "which is no server")]
    [InlineData("https://[::1]/x", "which is no server")]
    [InlineData("https://localhost/x", "which is no server")]
    [InlineData("https://169.254.169.254/latest/meta-data", "which is no server")]
    [InlineData("https://me:secret@files.example.com/x", "not https")]
    [InlineData("file:///etc/passwd", "not https")]
    [InlineData("https://denied.example.com/x", "which a rule denies")]
    public async Task A_server_that_keeps_a_file_where_no_machine_may_go_is_not_followed(string href, string says)
    {
        git.Deny("denied.example.com");
        server.Answer = () => Answer($$"""{"download":{"href":"{{href}}"} }""");

        var answer = await BatchAsync("download");
        if (!answer.Contains(says, StringComparison.Ordinal))
        {
            answer = await git.RawAsync($"GET {Href(answer)} HTTP/1.1");
        }

        answer.ShouldContain(says);
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Denied && entry.Reason!.Contains(says, StringComparison.Ordinal));
        server.Got.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_server_in_a_private_network_is_not_dialled_also_where_gits_own_may_be()
    {
        git.IsPrivate = true;
        git.AllowPrivate("git:acme/shop");
        server.Kept[Oid] = new byte[5];
        var href = Href(await BatchAsync("download"));

        (await git.RawAsync($"GET {href} HTTP/1.1")).ShouldContain("of a private network");
        server.Got.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://files.example.com/x")]
    [InlineData("https://127.0.0.1:{0}/lfs/x")]
    [InlineData("//localhost:{0}/lfs/x")]
    [InlineData("file:///etc/passwd")]
    public async Task A_redirect_of_a_file_leads_nowhere_else(string location)
    {
        server.Kept[Oid] = new byte[5];
        server.Serve = context =>
        {
            context.Response.Redirect(string.Format(null, location, git.Upstream.Port));
            return Task.FromResult(true);
        };

        (await git.RawAsync($"GET {Href(await BatchAsync("download"))} HTTP/1.1")).ShouldStartWith("HTTP/1.1 422 ");
        server.Got.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_redirect_to_another_server_goes_without_the_key()
    {
        server.Kept[Oid] = new byte[5];
        server.Serve = context =>
        {
            if (context.Request.Host.Host != LfsServer.Files)
            {
                return Task.FromResult(false);
            }

            context.Response.Redirect($"https://other.example.com:{git.Upstream.Port}/lfs/{Oid}");
            return Task.FromResult(true);
        };

        await git.RawAsync($"GET {Href(await BatchAsync("download"))} HTTP/1.1");

        server.Got.Count.ShouldBe(2);
        server.Got.Last().ShouldBe("GET   ");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(5)]
    public async Task A_file_that_is_longer_shorter_or_another_is_cut_off(int bytes)
    {
        server.Kept[Oid] = new byte[bytes];
        server.Serve = async context =>
        {
            // Without a length, so that only its end tells.
            await context.Response.Body.WriteAsync(new byte[bytes]);
            return true;
        };

        var answer = await git.RawAsync($"GET {Href(await BatchAsync("download"))} HTTP/1.1");

        answer.ShouldNotContain("\0\0\0\0");
        git.Logged().ShouldContain(entry => entry.End == EgressEnd.Failed);
    }

    [Fact]
    public async Task An_answer_without_end_ends_and_so_does_a_question()
    {
        server.Answer = () => Answer("{\"download\":{\"href\":\"" + new string('x', 5 << 20) + "\"}}");
        (await BatchAsync("download")).ShouldContain("without an end");

        (await git.RawAsync($"POST /git/{git.Place}/acme/shop/info/lfs/objects/batch HTTP/1.1", Type + "\r\nContent-Length: 4194305")).ShouldMatch("^HTTP/1.1 4");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"operation":"download","objects":[{"oid":"../../etc/passwd","size":5}]}""")]
    [InlineData("""{"operation":"delete","objects":[]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","size":-1}]}""")]
    [InlineData("""{"operation":"download","transfers":["ssh"],"objects":[]}""")]
    [InlineData("""{"operation":"download","hash_algo":"md5","objects":[]}""")]
    [InlineData("""{"operation":"upload","operation":"download","objects":[{"oid":5,"size":1}]}""")]
    public async Task A_question_that_is_none_reaches_nobody(string question)
    {
        (await git.RawAsync($"POST /git/{git.Place}/acme/shop/info/lfs/objects/batch HTTP/1.1", Type, Encoding.UTF8.GetBytes(question))).ShouldStartWith("HTTP/1.1 422 ");
        git.Upstream.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Headers_that_a_server_wants_sent_frame_no_other_request()
    {
        server.Answer = () => Answer($$"""{"download":{"href":"{{server.Address(Oid)}}","header":{"Transfer-Encoding":"chunked","Content-Length":"0","Host":"evil.example","X-A":"b\r\nX-Evil: yes","X\r\nY":"z","X-Key":"k"} } }""");
        server.Kept[Oid] = new byte[5];

        await git.RawAsync($"GET {Href(await BatchAsync("download"))} HTTP/1.1");

        var asked = git.Upstream.Requests.Single(request => request.Target.StartsWith("/lfs/", StringComparison.Ordinal));
        asked.Headers["Host"].ShouldStartWith(LfsServer.Files);
        asked.Headers["X-Key"].ShouldBe("k");
        asked.Headers.Keys.Intersect(["Transfer-Encoding", "Content-Length", "X-A", "X-Evil", "X", "Y"], StringComparer.OrdinalIgnoreCase).ShouldBeEmpty();
    }

    private static string Answer(string actions) => $$"""{"transfer":"basic","objects":[{"oid":"{{Oid}}","size":5,"actions":{{actions}} }]}""";

    private Task<string> BatchAsync(string operation) => git.RawAsync(
        $"POST /git/{git.Place}/acme/shop/info/lfs/objects/batch HTTP/1.1", Type,
        Encoding.UTF8.GetBytes($$"""{"operation":"{{operation}}","transfers":["basic"],"objects":[{"oid":"{{Oid}}","size":5}]}"""));

    private static string Href(string answer) => Link().Match(answer) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException(answer);

    [GeneratedRegex("\"href\":\"http://localhost(/git/[^\"]*)\"")]
    private static partial Regex Link();
}
