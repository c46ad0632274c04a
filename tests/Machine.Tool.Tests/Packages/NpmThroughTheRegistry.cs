using System.Net;
using System.Text.Json.Nodes;
using Machine.Tool.Hosting;
using Machine.Tool.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Packages;

/// <summary>Not in parallel with tests of other classes that would see this process' npm variables: only this class sets them.</summary>
public sealed class NpmThroughTheRegistry : IDisposable
{
    private const string Token = "npm-t0ken";
    private readonly TestFolder folder = new();

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
        Directory.CreateDirectory(folder["package"]);
        await File.WriteAllTextAsync(folder["package/package.json"], """{"name":"thing","version":"1.2.3"}""", Cancel);
        (await HostProgram.TryRunAsync("tar", ["-czf", folder["thing.tgz"], "-C", folder.Path, "package"], Cancel)).ExitCode.ShouldBe(0);
        await using var upstream = await UpstreamAsync("thing", "1.2.3", await File.ReadAllBytesAsync(folder["thing.tgz"], Cancel), integrity: null);
        await using var server = await RegistryAsync(upstream);

        var install = await HostProgram.TryRunAsync(
            npm!,
            ["install", "thing@1", "--registry", new Uri(server.Address, "npm/").ToString(), "--prefix", folder.Folder("app"), "--cache", folder["cache"], "--no-audit", "--no-fund", "--userconfig", folder["none"]],
            Cancel);

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

    private static Task<TestServer> UpstreamAsync(string document, string version, byte[] file, string? integrity = "sha512-abc") => TestServer.StartAsync(endpoints =>
        endpoints.Map("/{**path}", context => context.Request.Path.Value switch
        {
            var path when path == "/" + document => context.Response.WriteAsync(new JsonObject
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
            "/files/some/place" => context.Response.Body.WriteAsync(file).AsTask(),
            _ => Task.Run(() => context.Response.StatusCode = 404),
        }));

    private async Task<TestServer> RegistryAsync(TestServer upstream, string? registries = null)
    {
        await File.WriteAllTextAsync(
            folder["npmrc"], $"{registries ?? "registry=" + upstream.Address}\n//{upstream.Address.Authority}/:_authToken={Token}\n", Cancel);
        Environment.SetEnvironmentVariable("npm_config_userconfig", folder["npmrc"]);
        var registry = new NpmRegistry(new PackageLog(folder["packages.log"]), new TestLog());
        return await TestServer.StartAsync(registry.Map);
    }
}
