using System.Net;
using System.Security.Cryptography;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Cloud;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Packages;
using Machine.Tool.Tests.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.ImportedFile;

/// <summary>A server of images or packages that sends the host elsewhere, or more than it asked for. The canary is a server of the host's own networks.</summary>
public sealed class DownloadAttacks : IDisposable
{
    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task An_images_server_does_not_send_the_host_into_its_own_networks(int status)
    {
        await using var inner = await TestServer.StartAsync(endpoints => endpoints.MapGet("/{**any}", context => context.Response.WriteAsync("metadata")));
        await using var server = await TestServer.StartAsync(endpoints => endpoints.MapGet("/disk", context => Redirect(context, status, new Uri(inner.Address, "latest/meta-data").ToString())));

        await Should.ThrowAsync<MachineException>(() => FetchAsync(new Uri(server.Address, "disk")));

        inner.Paths.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("https://127.0.0.1:1/x")]
    [InlineData("https://localhost/x")]
    [InlineData("https://[::1]/x")]
    [InlineData("https://[::ffff:127.0.0.1]/x")]
    [InlineData("https://169.254.169.254/latest")]
    [InlineData("https://10.0.0.1/x")]
    [InlineData("https://172.16.0.1/x")]
    [InlineData("https://192.168.1.1/x")]
    [InlineData("https://100.64.0.1/x")]
    [InlineData("https://0.0.0.0/x")]
    [InlineData("https://[fd00::1]/x")]
    [InlineData("https://[fe80::1]/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://192.0.2.1/x")]
    public async Task Nor_to_any_address_that_is_not_public(string location)
    {
        await using var server = await TestServer.StartAsync(endpoints => endpoints.MapGet("/disk", context => Redirect(context, 302, location)));
        (await Should.ThrowAsync<MachineException>(() => FetchAsync(new Uri(server.Address, "disk")))).Message.ShouldContain("not followed");
    }

    [Fact]
    public async Task A_redirect_on_the_same_server_is_followed_but_not_for_ever()
    {
        await using var server = await TestServer.StartAsync(endpoints =>
        {
            endpoints.MapGet("/loop", context => Redirect(context, 302, "/loop"));
            endpoints.MapGet("/disk", context => Redirect(context, 302, "/mirror/disk"));
            endpoints.MapGet("/mirror/disk", context => context.Response.Body.WriteAsync(new byte[10]).AsTask());
        });
        (await Should.ThrowAsync<MachineException>(() => FetchAsync(new Uri(server.Address, "loop")))).Message.ShouldContain("on and on");
        server.Paths.Count.ShouldBeLessThan(10);
        (await Should.ThrowAsync<MachineException>(() => FetchAsync(new Uri(server.Address, "disk")))).Message.ShouldContain("is not what its checksum says");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_images_server_does_not_fill_the_hosts_disk(bool says)
    {
        await using var server = await TestServer.StartAsync(endpoints => endpoints.MapGet("/disk", async context =>
        {
            context.Response.ContentLength = says ? 1L << 40 : null;
            for (var i = 0; i < 1000; i++)
            {
                await context.Response.Body.WriteAsync(new byte[1 << 16], context.RequestAborted);
            }
        }));

        (await Should.ThrowAsync<MachineException>(() => FetchAsync(new Uri(server.Address, "disk"), most: 1 << 20))).Message.ShouldContain("larger than");

        Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length).ShouldBeLessThanOrEqualTo(1 << 20);
    }

    [Theory]
    [InlineData("http", true)]
    [InlineData("https", true)]
    [InlineData("http", false)]
    public async Task A_mirror_sends_nobody_to_a_server_that_is_no_mirror_of_this_host(string scheme, bool another)
    {
        await using var inner = await TestServer.StartAsync(endpoints => endpoints.MapGet("/{**any}", context => context.Response.WriteAsync("inner")));
        await using var mirror = await TestServer.StartAsync(endpoints => endpoints.MapGet(
            "/debian/{**any}", context => Redirect(context, 302, another ? $"{scheme}://{inner.Address.Authority}/x" : $"http://localhost:{inner.Address.Port}/x")));
        await using var door = await DoorAsync(new Uri(mirror.Address, "debian").ToString());

        (await GetAsync(door, "apt/0/dists/stable/InRelease")).ShouldBe(HttpStatusCode.BadGateway);

        inner.Paths.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_mirrors_password_goes_to_no_other_mirror()
    {
        string? seen = null;
        await using var other = await TestServer.StartAsync(endpoints => endpoints.MapGet("/{**any}", context =>
        {
            seen = context.Request.Headers.Authorization;
            return context.Response.WriteAsync("a package");
        }));
        await using var mirror = await TestServer.StartAsync(endpoints => endpoints.MapGet("/debian/{**any}", context => Redirect(context, 302, new Uri(other.Address, "x").ToString())));
        await using var door = await DoorAsync($"http://reader:s3cret@{mirror.Address.Authority}/debian", new Uri(other.Address, "y").ToString());

        (await GetAsync(door, "apt/0/dists/stable/InRelease")).ShouldBe(HttpStatusCode.OK);

        other.Paths.Count.ShouldBe(1);
        seen.ShouldBeNullOrEmpty();
    }

    [Theory]
    [InlineData("machine mirror.example login u password p", "https://mirror.example/debian", "https://u:p@mirror.example/debian")]
    [InlineData("machine mirror.example login u password p", "http://mirror.example/debian", "http://mirror.example/debian")]
    [InlineData("machine http://mirror.example/debian login u password p", "http://mirror.example/debian", "http://u:p@mirror.example/debian")]
    [InlineData("machine http://mirror.example/debian login u password p", "http://mirror.example/debian-evil", "http://mirror.example/debian-evil")]
    [InlineData("machine mirror.example login u password p", "https://mirror.example.evil/debian", "https://mirror.example.evil/debian")]
    [InlineData("machine mirror.example login u password p", "https://evil/mirror.example/debian", "https://evil/mirror.example/debian")]
    public void A_kept_password_is_for_the_address_that_it_is_kept_for(string kept, string address, string expected) =>
        AptPasswords.Add(address, ["# the company's\n" + kept]).ShouldBe(expected);

    private static Task Redirect(HttpContext context, int status, string location)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = location;
        return Task.CompletedTask;
    }

    private Task FetchAsync(Uri address, long most = 1 << 30) =>
        CloudDisk.FetchAsync(address.ToString(), Convert.ToHexStringLower(SHA256.HashData("x"u8)), folder.Folder("build"), SilentProgress.Instance, Cancel, most);

    private static Task<TestServer> DoorAsync(params string[] archives) =>
        TestServer.StartAsync(endpoints => new AptArchive(_ => Task.FromResult(new AptOrigin(archives, Proxy: null)), new TestLog()).Map(endpoints));

    private static async Task<HttpStatusCode> GetAsync(TestServer server, string path)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(server.Address, path), Cancel);
        return answer.StatusCode;
    }
}
