using System.Net;
using System.Text;
using Machine.Tool.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Packages;

/// <summary>The distribution's archives as an image build reaches them.</summary>
public sealed class ThroughTheArchive
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_comes_from_the_archive_of_that_number_with_the_hosts_password()
    {
        await using var archive = await TestServer.StartAsync(endpoints =>
            endpoints.MapGet("/debian/pool/main/g/g++/g++_12.2~a+b.deb", context => context.Response.WriteAsync("a package")));
        archive.Authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("reader:s3cret"));
        var address = $"http://reader:s3cret@{archive.Address.Authority}/debian/";
        await using var door = await StartAsync(["http://127.0.0.1:9/nobody", address]);

        (await GetAsync(door, "apt/1/pool/main/g/g%2b%2b/g++_12.2~a+b.deb")).ShouldBe((HttpStatusCode.OK, "a package"));
        (await GetAsync(door, "apt/1/dists/bookworm/InRelease")).Status.ShouldBe(HttpStatusCode.NotFound);
        var (status, text) = await GetAsync(door, "apt/0/dists/bookworm/InRelease");
        status.ShouldBe(HttpStatusCode.BadGateway);
        text.ShouldNotContain("127.0.0.1");
    }

    [Theory]
    [InlineData("0/dists/stable/Release", "http://mirror.example/debian/dists/stable/Release")]
    [InlineData("0/pool/a+b_1.0~rc1.deb", "http://mirror.example/debian/pool/a%2Bb_1.0~rc1.deb")]
    [InlineData("1/x", null)]
    [InlineData("-1/x", null)]
    [InlineData("x", null)]
    [InlineData("0/", null)]
    [InlineData("0/../private", null)]
    [InlineData("0/a/../../private", null)]
    [InlineData("0//other.example/x", null)]
    [InlineData("0/a%2f..%2f..", null)]
    [InlineData("0/a?x=y", null)]
    [InlineData("0/a\\..\\b", null)]
    [InlineData("0/a\nb", null)]
    public void Only_what_lies_below_an_archive_is_asked_for(string path, string? target) =>
        (AptArchive.Target(["http://mirror.example/debian"], path)?.AbsoluteUri).ShouldBe(target);

    [Fact]
    public async Task Nothing_is_written_to_it()
    {
        await using var door = await StartAsync(["http://127.0.0.1:9/"]);
        using var client = new HttpClient();
        using var answer = await client.PutAsync(new Uri(door.Address, "apt/0/x"), new StringContent("x"), Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
    }

    private static Task<TestServer> StartAsync(string[] archives) =>
        TestServer.StartAsync(endpoints => new AptArchive(_ => Task.FromResult(new AptOrigin(archives, Proxy: null)), new TestLog()).Map(endpoints));

    private static async Task<(HttpStatusCode Status, string Text)> GetAsync(TestServer server, string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(server.Address, path), Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
