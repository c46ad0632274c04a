using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Packages;

/// <summary>Not in parallel with tests of other classes that would see this process' npm variables: only this class sets them.</summary>
public sealed class NpmThroughTheRegistry : IDisposable
{
    private const string Token = "npm-t0ken";
    private const string ETag = "\"state-1\"";
    private readonly TestFolder folder = new();
    private int unchanged;
    private string? asked;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("npm_config_userconfig", null);
        folder.Dispose();
    }

    [Fact]
    public async Task Documents_point_to_us_and_the_token_stays_on_the_host()
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1, 2, 3]);
        upstream.Authorization = "Bearer " + Token;
        await using var server = await RegistryAsync(upstream);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };

        var text = await client.GetStringAsync(new Uri("thing", UriKind.Relative), Cancel);
        var tarball = JsonNode.Parse(text)!["versions"]!["1.2.3"]!["dist"]!["tarball"]!.GetValue<string>();
        var file = await client.GetByteArrayAsync(new Uri(tarball), Cancel);

        tarball.ShouldBe($"{client.BaseAddress}thing/-/thing-1.2.3.tgz");
        text.ShouldNotContain(upstream.Address.Authority);
        text.ShouldNotContain("climbing", Case.Insensitive, "a version that is no version is left out");
        file.ShouldBe([1, 2, 3]);
        var log = await File.ReadAllTextAsync(folder["packages.log"], Cancel);
        log.ShouldContain("\"kind\":\"npm\",\"id\":\"thing\",\"version\":\"1.2.3\",\"source\":\"127.0.0.1\",\"hash\":\"sha512-abc\"");
        log.ShouldNotContain(Token);
    }

    [Fact]
    public async Task A_scope_has_its_own_registry()
    {
        await using var upstream = await UpstreamAsync("@company%2fthing", "0.1.0", [7]);
        upstream.Authorization = "Bearer " + Token;
        await using var server = await RegistryAsync(upstream, "registry=http://127.0.0.1:9/\n@company:registry=" + upstream.Address);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };

        var document = JsonNode.Parse(await client.GetStringAsync(new Uri("@company%2fthing", UriKind.Relative), Cancel))!;
        var tarball = document["versions"]!["0.1.0"]!["dist"]!["tarball"]!.GetValue<string>();

        tarball.ShouldBe($"{client.BaseAddress}@company/thing/-/thing-0.1.0.tgz");
        (await client.GetByteArrayAsync(new Uri(tarball), Cancel)).ShouldBe([7]);
        (await client.GetAsync(new Uri("other", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.BadGateway, "the default registry is dead");
    }

    [Fact]
    public async Task Npm_itself_installs_through_it()
    {
        var npm = HostProgram.Find("npm");
        Assert.SkipWhen(npm is null || OperatingSystem.IsWindows(), "npm is not installed");
        await using var upstream = await UpstreamAsync("thing", "1.2.3", await PackAsync(), integrity: null);
        await using var server = await RegistryAsync(upstream);

        var install = await NpmAsync(npm!, server, "install", "thing@1", "--no-audit");

        install.ExitCode.ShouldBe(0, install.Error);
        (await File.ReadAllTextAsync(folder["app/node_modules/thing/package.json"], Cancel)).ShouldContain("1.2.3");
    }

    [Theory]
    [InlineData("npm/thing/-/thing-1.2.3.tgz", "thing")]
    [InlineData("npm/@scope/thing/-/thing-1.2.3.tgz", "@scope/thing")]
    [InlineData("npm/-/npm-1.2.3.tgz", "npm")]
    [InlineData("npm/npm/-/npm-1.2.3.tgz", "npm")]
    [InlineData("npm-thing/-/npm-thing-1.2.3.tgz", "npm-thing")]
    public void The_registrys_own_path_may_come_twice(string path, string name) => NpmRequest.Parse(path).ShouldBe(new NpmRequest(name, "1.2.3"));

    [Theory]
    [InlineData("GET", "..%2f..%2fsecret", HttpStatusCode.NotFound)]
    [InlineData("GET", "@a%2fb%2fc", HttpStatusCode.NotFound)]
    [InlineData("GET", "thing/-/..%2f..%2fx", HttpStatusCode.NotFound)]
    [InlineData("GET", "thing/-/other-1.2.3.tgz", HttpStatusCode.NotFound)]
    [InlineData("GET", "thing/-/thing-9.9.9.tgz", HttpStatusCode.NotFound)]
    [InlineData("GET", "-/v1/login", HttpStatusCode.NotFound)]
    [InlineData("GET", "http:%2f%2f127.0.0.1%2f", HttpStatusCode.NotFound)]
    [InlineData("PUT", "thing", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "-/npm/v1/security/audits/quick", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "-/npm/v1/security/advisories/bulk", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "-/user/org.couchdb.user:me", HttpStatusCode.MethodNotAllowed)]
    public async Task Anything_but_a_package_is_refused(string method, string path, HttpStatusCode status)
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1]);
        await using var server = await RegistryAsync(upstream);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), server.Address + "npm/" + path);

        using var answer = await client.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(status);
        upstream.Paths.ShouldNotContain(asked => asked != "/thing");
    }

    [Fact]
    public async Task A_second_machine_asks_the_registry_whether_documents_still_hold_and_for_nothing_else()
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1, 2, 3], Integrity([1, 2, 3]));
        await FetchAsync(upstream);
        upstream.Paths.ShouldBe(["/thing", "/files/some/place"]);

        await FetchAsync(upstream);
        upstream.Paths.Count.ShouldBe(2, "it was asked a moment ago");
        AgeAnswers();
        await FetchAsync(upstream);

        upstream.Paths.ShouldBe(["/thing", "/files/some/place", "/thing"]);
        unchanged.ShouldBe(1, "the document was not sent again");
        AgeAnswers(TimeSpan.FromMinutes(4));
        await FetchAsync(upstream);
        upstream.Paths.Count.ShouldBe(3, "the answer made it new");
    }

    [Fact]
    public async Task What_is_kept_is_served_while_the_registry_is_away()
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1, 2, 3], Integrity([1, 2, 3]));
        await FetchAsync(upstream);
        AgeAnswers();
        upstream.Up = false;

        await FetchAsync(upstream);

        await using var server = await RegistryAsync(upstream);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };
        using var other = await client.GetAsync(new Uri("other", UriKind.Relative), Cancel);
        other.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        (await other.Content.ReadAsStringAsync(Cancel)).ShouldContain("the npm registry cannot be reached");
    }

    [Fact]
    public async Task A_registry_that_answers_no_is_not_overruled_by_what_is_kept()
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1, 2, 3], Integrity([1, 2, 3]));
        await FetchAsync(upstream);
        AgeAnswers();
        upstream.Authorization = "Bearer another";
        await using var server = await RegistryAsync(upstream);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };

        using var answer = await client.GetAsync(new Uri("thing", UriKind.Relative), Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        answer.ReasonPhrase.ShouldBe("the npm registry refused the host's credentials for thing (401)");
    }

    [Fact]
    public async Task A_file_with_another_hash_than_its_document_says_is_neither_served_nor_kept()
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [6, 6, 6], Integrity([1, 2, 3]));
        await using var server = await RegistryAsync(upstream);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };

        using var answer = await client.GetAsync(new Uri("thing/-/thing-1.2.3.tgz", UriKind.Relative), Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
        answer.ReasonPhrase!.ShouldContain("the hash differs");
        Tarballs().ShouldBeEmpty();
        File.Exists(folder["packages.log"]).ShouldBeFalse("nothing entered");
    }

    [Fact]
    public async Task A_kept_file_that_changed_on_the_disk_is_dropped_and_fetched_anew()
    {
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1, 2, 3], Integrity([1, 2, 3]));
        await FetchAsync(upstream);
        var kept = Tarballs().Single();
        File.SetUnixFileMode(kept, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(kept, [6, 6, 6], Cancel);

        await FetchAsync(upstream);

        upstream.Paths.Count(path => path == "/files/some/place").ShouldBe(2);
        (await File.ReadAllBytesAsync(kept, Cancel)).ShouldBe([1, 2, 3]);
    }

    [Theory]
    [InlineData("sha512-abc", false)]
    [InlineData("sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M=", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    [InlineData("sha1-qUqP5cyxm6YcTAhz05Hph5gvu9M= sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==?opt", true)]
    [InlineData("sha512-../../AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", false)]
    public void A_hash_is_read_strictly(string? integrity, bool found) => NpmTarballs.Sha512Of(integrity).ShouldBe(found ? new string('0', 128) : null);

    [Fact]
    public async Task Without_a_rule_npm_prints_what_would_allow_it()
    {
        var npm = HostProgram.Find("npm");
        Assert.SkipWhen(npm is null || OperatingSystem.IsWindows(), "npm is not installed");
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1]);
        await using var server = await RegistryAsync(upstream, rules: () => NetworkRules.None);

        var install = await NpmAsync(npm!, server, "install", "thing@1");

        install.ExitCode.ShouldNotBe(0);
        install.Error.ShouldContain("machine: npm is not among what this project's machine may reach; on the host: dotnet machine network allow npm");
        upstream.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rule_that_comes_while_it_runs_holds_at_once()
    {
        var rules = NetworkRules.None;
        await using var upstream = await UpstreamAsync("thing", "1.2.3", [1]);
        await using var server = await RegistryAsync(upstream, rules: () => rules);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };

        (await client.GetAsync(new Uri("thing", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        rules = new NetworkSettings([new NetworkEntry("npm")], []).ToRules();
        (await client.GetAsync(new Uri("thing", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        rules = rules.With(new NetworkSettings([], [new NetworkEntry("npm")]).ToRules());
        (await client.GetAsync(new Uri("thing", UriKind.Relative), Cancel)).StatusCode.ShouldBe(HttpStatusCode.Forbidden, "deny beats allow");
    }

    [Fact]
    public async Task Npm_audit_tells_what_the_registry_knows()
    {
        var npm = HostProgram.Find("npm");
        Assert.SkipWhen(npm is null || OperatingSystem.IsWindows(), "npm is not installed");
        var file = await PackAsync();
        await using var upstream = await UpstreamAsync("thing", "1.2.3", file, Integrity(file));
        await using var server = await RegistryAsync(upstream);
        (await NpmAsync(npm!, server, "install", "thing@1")).ExitCode.ShouldBe(0);

        var audit = await NpmAsync(npm!, server, "audit");

        audit.ExitCode.ShouldNotBe(0);
        audit.Output.ShouldContain("a hole in thing");
        JsonNode.Parse(asked!)!.ToJsonString().ShouldBe("""{"thing":["1.2.3"]}""");
    }

    [Theory]
    [InlineData("""{"a":["1.0.0","../x","2.0.0"],"@b/c":[]}""", """{"a":["1.0.0","2.0.0"],"@b/c":[]}""")]
    [InlineData("""{"a":[],"a":["1.0.0"]}""", """{"a":[],"a":["1.0.0"]}""")]
    [InlineData("""{"../../x":["1.0.0"]}""", null)]
    [InlineData("""{"a%2fb":["1.0.0"]}""", null)]
    [InlineData("""{"a\u0000":["1.0.0"]}""", null)]
    [InlineData("""{"a":{"b":1}}""", null)]
    [InlineData("""{"a":[[[[[[1]]]]]]}""", null)]
    [InlineData("""["a"]""", null)]
    [InlineData("", null)]
    public void A_question_for_advisories_is_written_anew(string question, string? expected)
    {
        if (expected is null)
        {
            Should.Throw<FeedException>(() => NpmAdvice.Question(Encoding.UTF8.GetBytes(question)));
        }
        else
        {
            Encoding.UTF8.GetString(NpmAdvice.Question(Encoding.UTF8.GetBytes(question))).ShouldBe(expected);
        }
    }

    private static string Integrity(byte[] file) => "sha512-" + Convert.ToBase64String(SHA512.HashData(file));

    private async Task FetchAsync(TestServer upstream)
    {
        await using var server = await RegistryAsync(upstream);
        using var client = new HttpClient { BaseAddress = new Uri(server.Address, "npm/") };
        await client.GetStringAsync(new Uri("thing", UriKind.Relative), Cancel);
        using var abbreviated = new HttpRequestMessage(HttpMethod.Get, "thing/-/thing-1.2.3.tgz");
        using var answer = await client.SendAsync(abbreviated, Cancel);
        (await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(Cancel)).ShouldBe([1, 2, 3]);
    }

    private void AgeAnswers(TimeSpan? age = null)
    {
        foreach (var file in Directory.EnumerateFiles(folder["packages/answers/npm"], "*", SearchOption.AllDirectories))
        {
            File.SetLastWriteTimeUtc(file, File.GetLastWriteTimeUtc(file) - (age ?? TimeSpan.FromMinutes(6)));
        }
    }

    private IEnumerable<string> Tarballs() =>
        Directory.Exists(folder["packages/sha512"]) ? Directory.EnumerateFiles(folder["packages/sha512"], "*.tgz", SearchOption.AllDirectories) : [];

    private async Task<byte[]> PackAsync()
    {
        Directory.CreateDirectory(folder["package"]);
        await File.WriteAllTextAsync(folder["package/package.json"], """{"name":"thing","version":"1.2.3"}""", Cancel);
        (await HostProgram.TryRunAsync("tar", ["-czf", folder["thing.tgz"], "-C", folder.Path, "package"], Cancel)).ExitCode.ShouldBe(0);
        return await File.ReadAllBytesAsync(folder["thing.tgz"], Cancel);
    }

    private Task<ProgramResult> NpmAsync(string npm, TestServer server, params string[] arguments) => HostProgram.TryRunAsync(
        npm,
        [.. arguments, "--registry", new Uri(server.Address, "npm/").ToString(), "--prefix", folder.Folder("app"), "--cache", folder["cache"], "--no-fund", "--userconfig", folder["none"]],
        Cancel);

    private Task<TestServer> UpstreamAsync(string document, string version, byte[] file, string? integrity = "sha512-abc") => TestServer.StartAsync(endpoints =>
        endpoints.Map("/{**path}", context => context.Request.Path.Value switch
        {
            var path when path == "/" + document && context.Request.Headers.IfNoneMatch == ETag => Task.Run(() =>
            {
                unchanged++;
                context.Response.StatusCode = 304;
            }),
            var path when path == "/" + document => Tagged(context.Response).WriteAsync(new JsonObject
            {
                ["name"] = document.Replace("%2f", "/", StringComparison.Ordinal),
                ["dist-tags"] = new JsonObject { ["latest"] = version },
                ["versions"] = new JsonObject
                {
                    [version] = new JsonObject
                    {
                        ["name"] = document.Replace("%2f", "/", StringComparison.Ordinal),
                        ["version"] = version,
                        ["dist"] = new JsonObject { ["tarball"] = $"http://{context.Request.Host}/files/some/place?x=1", ["integrity"] = integrity },
                    },
                    ["../climbing"] = new JsonObject { ["dist"] = new JsonObject { ["tarball"] = $"http://{context.Request.Host}/climbing" } },
                },
            }.ToJsonString()),
            var path when path == "/" + NpmAdvice.Path => AdviseAsync(context),
            "/files/some/place" => context.Response.Body.WriteAsync(file).AsTask(),
            _ => Task.Run(() => context.Response.StatusCode = 404),
        }));

    private static HttpResponse Tagged(HttpResponse response)
    {
        response.Headers.ETag = ETag;
        return response;
    }

    private async Task AdviseAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        asked = await reader.ReadToEndAsync(Cancel);
        await context.Response.WriteAsync("""{"thing":[{"id":1,"url":"https://advisories.example/1","title":"a hole in thing","severity":"high","vulnerable_versions":"<2.0.0"}]}""", Cancel);
    }

    private async Task<TestServer> RegistryAsync(TestServer upstream, string? registries = null, Func<NetworkRules>? rules = null)
    {
        await File.WriteAllTextAsync(
            folder["npmrc"], $"{registries ?? "registry=" + upstream.Address}\n//{upstream.Address.Authority}/:_authToken={Token}\n", Cancel);
        Environment.SetEnvironmentVariable("npm_config_userconfig", folder["npmrc"]);
        var registry = new NpmRegistry(folder["packages"], new PackageLog(folder["packages.log"]), new TestLog(), refusal: () => rules?.Invoke().Refuses(NetworkPresets.Npm));
        return await TestServer.StartAsync(registry.Map);
    }
}
