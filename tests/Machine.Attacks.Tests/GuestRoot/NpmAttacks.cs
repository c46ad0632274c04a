using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>Root of the guest at the npm registry: it wants what no rule gives, memory, a disk that fills, and something else in the store than the registry has.</summary>
public sealed class NpmAttacks : IDisposable
{
    private static readonly byte[] Canary = "the package of the registry"u8.ToArray();

    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("NPM_CONFIG_REGISTRY", null);
        folder.Dispose();
    }

    [Fact]
    public async Task What_another_project_fetched_is_not_for_a_machine_without_the_rule()
    {
        await using var upstream = await UpstreamAsync();
        await using var allowed = await RegistryAsync(upstream, null);
        (await ReadAsync(allowed, "thing/-/thing-1.0.0.tgz")).Bytes.ShouldBe(Canary);
        await using var denied = await RegistryAsync(upstream, "no");

        foreach (var path in new[] { "thing", "thing/-/thing-1.0.0.tgz", "npm/thing/-/thing-1.0.0.tgz" })
        {
            (await ReadAsync(denied, path)).ShouldSatisfyAllConditions(
                answer => answer.Status.ShouldBe(HttpStatusCode.Forbidden),
                answer => answer.Bytes.AsSpan().IndexOf(Canary).ShouldBe(-1));
        }
    }

    [Theory]
    [InlineData("PUT", "thing")]
    [InlineData("PUT", "thing/-/thing-1.0.0.tgz")]
    [InlineData("DELETE", "thing/-rev/1")]
    [InlineData("POST", "thing")]
    [InlineData("PATCH", "-/npm/v1/security/advisories/bulk")]
    public async Task Nothing_is_published(string method, string path)
    {
        await using var upstream = await UpstreamAsync();
        await using var server = await RegistryAsync(upstream, null);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Address, "npm/" + path)) { Content = new ByteArrayContent([6, 6, 6]) };

        using var answer = await client.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        upstream.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_question_that_unfolds_to_a_gibibyte_ends_at_its_bound()
    {
        await using var upstream = await UpstreamAsync();
        await using var server = await RegistryAsync(upstream, null);
        using var bomb = new MemoryStream();
        await using (var gzip = new GZipStream(bomb, CompressionLevel.Optimal, leaveOpen: true))
        {
            var block = new byte[1 << 20];
            Array.Fill(block, (byte)' ');
            for (var i = 0; i < 1024; i++)
            {
                await gzip.WriteAsync(block, Cancel);
            }
        }

        using var client = new HttpClient();
        using var content = new ByteArrayContent(bomb.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        var before = GC.GetTotalAllocatedBytes();
        using var answer = await client.PostAsync(new Uri(server.Address, "npm/" + NpmAdvice.Path), content, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(64L << 20);
        upstream.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_question_says_nothing_to_the_registry_but_names_and_versions()
    {
        await using var upstream = await UpstreamAsync();
        await using var server = await RegistryAsync(upstream, null);
        using var client = new HttpClient();
        using var content = new StringContent("""{"thing":["1.0.0","the secret of the project"],"the secret of the project":["1.0.0"]}""");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        using var answer = await client.PostAsync(new Uri(server.Address, "npm/" + NpmAdvice.Path), content, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.NotFound, "a text that is no name is refused with all of its question");
        upstream.Paths.ShouldBeEmpty();
    }

    private static async Task<(HttpStatusCode Status, byte[] Bytes)> ReadAsync(TestServer server, string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(server.Address, "npm/" + path), Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    private static Task<TestServer> UpstreamAsync() => TestServer.StartAsync(endpoints =>
    {
        var integrity = "sha512-" + Convert.ToBase64String(SHA512.HashData(Canary));
        endpoints.MapGet("/thing", context => context.Response.WriteAsync(
            $$$$$"""{"name":"thing","versions":{"1.0.0":{"name":"thing","version":"1.0.0","dist":{"tarball":"http://{{{{{context.Request.Host}}}}}/file","integrity":"{{{{{integrity}}}}}"}}}}""", Cancel));
        endpoints.MapGet("/file", context => context.Response.Body.WriteAsync(Canary, Cancel).AsTask());
    });

    private async Task<TestServer> RegistryAsync(TestServer upstream, string? refusal)
    {
        Environment.SetEnvironmentVariable("NPM_CONFIG_REGISTRY", upstream.Address.ToString());
        var registry = new NpmRegistry(folder["packages"], new PackageLog(folder["packages.log"]), new TestLog(), refusal: () => refusal);
        return await TestServer.StartAsync(registry.Map);
    }
}
