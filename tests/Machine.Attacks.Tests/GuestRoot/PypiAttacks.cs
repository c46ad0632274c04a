using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Text;
using Machine.Tool.Packages;
using Machine.Tool.Packages.Pypi;
using Machine.Tool.Tests.Packages;
using Machine.Tool.Tests.Packages.Pypi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// Root of the guest at the index of Python's packages, and an index that helps it: they want what no rule gives, this host's memory and disk, its password for
/// another server, and what only this host reaches.
/// </summary>
public sealed class PypiAttacks : IDisposable
{
    private const string Password = "canary-of-the-index";
    private static readonly byte[] Canary = "the package of the index"u8.ToArray();

    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PIP_INDEX_URL", null);
        folder.Dispose();
    }

    [Fact]
    public async Task What_another_project_fetched_is_not_for_a_machine_without_the_rule()
    {
        await using var index = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.0.tar.gz", Canary, PythonIndex.Sha256Of(Canary)));
        await using var allowed = await ServeAsync(index.Url, null);
        (await ReadAsync(allowed, "files/thing/thing-1.0.tar.gz")).Bytes.ShouldBe(Canary);
        await using var denied = await ServeAsync(index.Url, "no");

        foreach (var path in new[] { "simple/thing/", "files/thing/thing-1.0.tar.gz", "simple/../files/thing/thing-1.0.tar.gz" })
        {
            (await ReadAsync(denied, path)).ShouldSatisfyAllConditions(
                answer => answer.Status.ShouldBe(HttpStatusCode.Forbidden),
                answer => answer.Bytes.AsSpan().IndexOf(Canary).ShouldBe(-1));
        }
    }

    [Fact]
    public async Task One_that_says_to_be_pip_is_told_the_reason_and_nothing_else()
    {
        await using var index = (await PythonIndex.StartAsync()).Add("thing", new OfferedFile("thing-1.0.tar.gz", Canary, PythonIndex.Sha256Of(Canary)));
        await using var denied = await ServeAsync(index.Url, "no\r\nX-Evil: yes");
        using var client = new HttpClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "pip/23.0");

        using var answer = await client.GetAsync(new Uri(denied.Address, "pypi/simple/thing/"), Cancel);

        answer.Headers.Contains("X-Evil").ShouldBeFalse();
        answer.Content.Headers.TryGetValues("Content-Type", out var type);
        type!.Single().ShouldBe("no  X-Evil: yes");
        index.Server.Paths.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("POST", "simple/thing/")]
    [InlineData("PUT", "files/thing/thing-1.0.tar.gz")]
    [InlineData("DELETE", "simple/thing/")]
    [InlineData("POST", "legacy/")]
    public async Task Nothing_is_published(string method, string path)
    {
        await using var index = await PythonIndex.StartAsync();
        await using var server = await ServeAsync(index.Url, null);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Address, "pypi/" + path)) { Content = new ByteArrayContent([6, 6, 6]) };

        using var answer = await client.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        index.Server.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_or_a_redirect_that_leads_to_this_host_is_not_followed_and_gets_no_password()
    {
        await using var secret = await TestServer.StartAsync(app => app.MapGet("/{**path}", (HttpContext context) => context.Response.Body.WriteAsync(Canary, Cancel).AsTask()));
        await using var index = await TestServer.StartAsync(app =>
        {
            app.MapGet("/simple/redirected/", (HttpContext context) => context.Response.Redirect(secret.Address + "page"));
            app.MapGet("/simple/thing/", (HttpContext context) => PageAsync(context, $$"""
                {"files":[{"filename":"thing-1.0.tar.gz","url":"{{secret.Address}}file","hashes":{} },
                {"filename":"thing-2.0.tar.gz","url":"/away","hashes":{} },
                {"filename":"thing-3.0.tar.gz","url":"http://169.254.169.254/latest","hashes":{} },
                {"filename":"thing-4.0.tar.gz","url":"http://[::ffff:10.0.0.1]/x","hashes":{} },
                {"filename":"thing-5.0.tar.gz","url":"http://0/x","hashes":{} }]}
                """));
            app.MapGet("/away", (HttpContext context) => context.Response.Redirect(secret.Address + "file"));
        });
        index.Authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:" + Password));
        await using var server = await ServeAsync($"http://me:{Password}@{index.Address.Authority}/simple/", null);

        foreach (var path in new[] { "simple/redirected/", "files/thing/thing-1.0.tar.gz", "files/thing/thing-2.0.tar.gz", "files/thing/thing-3.0.tar.gz", "files/thing/thing-4.0.tar.gz", "files/thing/thing-5.0.tar.gz" })
        {
            (await ReadAsync(server, path)).ShouldSatisfyAllConditions(
                answer => answer.Status.ShouldBe(HttpStatusCode.FailedDependency),
                answer => answer.Reason.ShouldContain("not followed"),
                answer => Encoding.UTF8.GetString(answer.Bytes).ShouldNotContain(Password));
        }

        secret.Paths.ShouldBeEmpty();
        index.Refused.ShouldBe(0, "each request to the index signed in");
        (await File.ReadAllTextAsync(File.Exists(folder["packages.log"]) ? folder["packages.log"] : "/dev/null", Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_index_of_https_that_names_plain_http_is_not_followed()
    {
        var upstream = new PypiUpstream(new KeptAnswers(folder["packages"], "pypi", new TestLog()), new TestLog());
        Environment.SetEnvironmentVariable("PIP_INDEX_URL", "https://index.example/simple/");
        var file = new PypiFile
        {
            Name = "thing-1.0.tar.gz",
            Version = "1.0",
            Address = new Uri("http://index.example/thing-1.0.tar.gz"),
            Hashes = new Dictionary<string, string>(),
            Source = new PypiSource(new Uri("https://index.example/simple/"), null),
        };

        (await Should.ThrowAsync<FeedException>(() => upstream.FileAsync(file, file.Address, Cancel))).Message.ShouldContain("plain http");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_page_without_end_and_one_that_unfolds_to_gibibytes_end_at_their_bound(bool isBomb)
    {
        await using var index = await TestServer.StartAsync(app => app.MapGet("/simple/thing/", async (HttpContext context) =>
        {
            context.Response.ContentType = "text/html";
            var block = new byte[1 << 20];
            Array.Fill(block, (byte)' ');
            if (isBomb)
            {
                context.Response.Headers.ContentEncoding = "gzip";
            }

            await using var body = isBomb ? new GZipStream(context.Response.Body, CompressionLevel.Fastest) : context.Response.Body;
            for (var i = 0; i < 4096 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await body.WriteAsync(block, context.RequestAborted);
            }
        }));
        await using var server = await ServeAsync(index.Address + "simple/", null);

        var answer = await ReadAsync(server, "simple/thing/");

        answer.Status.ShouldBe(HttpStatusCode.FailedDependency);
        answer.Reason.ShouldContain("larger than 64 MiB");
    }

    [Fact]
    public async Task A_page_that_is_made_to_keep_the_reader_busy_is_read_once()
    {
        // Ten million characters, each the beginning of something that never ends.
        foreach (var piece in new[] { "<a ", "<!-", "<a href='", "<a x=\"y\" ", "<!--x-->", "&#", "<a/", "<a href=a-1.tar.gz " })
        {
            var page = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(piece, 10_000_000 / piece.Length)));
            var watch = Stopwatch.StartNew();

            PypiHtml.Read(page, "a", new Uri("https://index.example/simple/a/"));

            watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60), piece);
        }

        await Task.CompletedTask;
    }

    [Fact]
    public async Task Names_of_an_index_are_no_paths_and_no_markup_and_belong_to_the_package_that_was_asked_for()
    {
        await using var index = await TestServer.StartAsync(app => app.MapGet("/simple/thing/", (HttpContext context) => PageAsync(context, """
            {"files":[{"filename":"../../../etc/thing-1.0.tar.gz","url":"/a","hashes":{}},
            {"filename":"thing-1.0\"><script>.tar.gz","url":"/a","hashes":{}},
            {"filename":"thing-1.0.tar.gz\r\nX-Evil: yes","url":"/a","hashes":{}},
            {"filename":"other-1.0.tar.gz","url":"/a","hashes":{}},
            {"filename":"thing-2.0.tar.gz","url":"file:///etc/passwd","hashes":{}},
            {"filename":"thing-3.0.tar.gz","url":"/a","hashes":{"sha256":"../../../../etc/passwd"}}]}
            """)));
        await using var server = await ServeAsync(index.Address + "simple/", null);

        var page = Encoding.UTF8.GetString((await ReadAsync(server, "simple/thing/")).Bytes);

        page.Split("<a ").Length.ShouldBe(2, page);
        page.ShouldContain("href=\"../../files/thing/thing-3.0.tar.gz\"", customMessage: "a hash that is none is left out");
        index.Paths.ShouldBe(["/simple/thing/"]);
    }

    [Fact]
    public async Task A_flood_of_names_that_nobody_has_leaves_nothing_on_the_disk()
    {
        await using var index = await PythonIndex.StartAsync();
        await using var server = await ServeAsync(index.Url, null);

        for (var i = 0; i < 200; i++)
        {
            (await ReadAsync(server, $"simple/made-up-{i}/")).Status.ShouldBe(HttpStatusCode.NotFound);
        }

        (Directory.Exists(folder["packages"]) ? Directory.GetFiles(folder["packages"], "*", SearchOption.AllDirectories) : []).ShouldBeEmpty();
    }

    private static Task PageAsync(HttpContext context, string json)
    {
        context.Response.ContentType = PypiJson.Type;
        return context.Response.WriteAsync(json, Cancel);
    }

    private static async Task<(HttpStatusCode Status, string Reason, byte[] Bytes)> ReadAsync(TestServer server, string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(server.Address, "pypi/" + path), Cancel);
        return (answer.StatusCode, answer.ReasonPhrase ?? "", await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    private async Task<TestServer> ServeAsync(string index, string? refusal)
    {
        Environment.SetEnvironmentVariable("PIP_INDEX_URL", index);
        return await TestServer.StartAsync(new PypiIndex(folder["packages"], new PackageLog(folder["packages.log"]), new TestLog(), () => refusal).Map);
    }
}
