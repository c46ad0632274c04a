using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Machine.Tool.Tests.Packages;

public sealed class HostileRequests
{
    [Theory]
    [InlineData("GET /nuget/v3/flat/..%2f..%2f..%2fetc/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 404)]
    [InlineData("GET /nuget/v3/flat/./index.json", 404)]
    [InlineData("GET /nuget/v3/flat/a..b/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/a%00b/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/a%5cb/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/a%0d%0aX:%20y/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/http%3a%2f%2f127.0.0.1%2f/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/%C3%A4/index.json", 400)]
    [InlineData("GET /nuget/v3/flat/known/1.0.0%2f..%2f..%2fx/known.1.0.0.nupkg", 400)]
    [InlineData("GET /nuget/v3/flat/known/1.0.0/other.1.0.0.nupkg", 404)]
    [InlineData("GET /nuget/v3/flat/known/1.0.0/..%2fknown.1.0.0.nupkg", 404)]
    [InlineData("GET /nuget/v3/flat/known/not-a-version/known.not-a-version.nupkg", 400)]
    [InlineData("GET /nuget/v3/registration/known/..json", 400)]
    [InlineData("GET /nuget/v3/nothing", 404)]
    [InlineData("PUT /nuget/v3/flat/known/1.0.0/known.1.0.0.nupkg", 405)]
    [InlineData("DELETE /nuget/v3/flat/known/1.0.0/known.1.0.0.nupkg", 405)]
    [InlineData("POST /nuget/v3/search", 405)]
    public async Task A_request_that_is_none_gets_nothing_and_reaches_no_source(string request, int status)
    {
        using var packages = new TestFolder();
        PackageFolder.Add(packages.Path, "Known", "1.0.0");
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("registry", registry.Server.Index.ToString())]);

        var answer = await SendAsync(feed.Server.Address, $"{request} HTTP/1.1\r\nHost: {feed.Server.Address.Authority}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        registry.Server.Paths.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example:80")]
    [InlineData("192.168.0.1")]
    public async Task A_foreign_host_name_does_not_become_the_address_in_answers(string host)
    {
        using var packages = new TestFolder();
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);

        var answer = await SendAsync(feed.Server.Address, $"GET /nuget/v3/index.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldNotContain("evil");
    }

    [Fact]
    public async Task An_id_or_version_without_end_is_refused()
    {
        using var packages = new TestFolder();
        await using var feed = await FeedUnderTest.StartAsync([("folder", packages.Path)]);

        (await feed.GetAsync($"flat/{new string('a', 101)}/index.json")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await feed.GetAsync($"flat/a/1.0.0-{new string('a', 200)}/a.nuspec")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await feed.GetAsync($"search?q={new string('a', 201)}")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static async Task<string> SendAsync(Uri address, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
