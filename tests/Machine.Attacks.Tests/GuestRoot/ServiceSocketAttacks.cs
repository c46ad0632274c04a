using System.Net.Sockets;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// Root of the guest holds the one socket of the host that is forwarded inside, and writes to it what it likes. After the control API it
/// can stop machines, order commands and read other folders; after the doors of image builds it reaches registries.
/// </summary>
public sealed class ServiceSocketAttacks : IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private ServiceHost services = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Unix sockets of a file system");
        services = await ServiceHost.StartAsync(folder["feed"], null, MachinePaths.At(folder["home"]), folder["packages.log"], MachineServices.None, NullLoggerFactory.Instance, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        folder.Dispose();
    }

    [Theory]
    [InlineData("GET /v1/status HTTP/1.1")]
    [InlineData("POST /v1/exec HTTP/1.1")]
    [InlineData("POST /v1/stop HTTP/1.1")]
    [InlineData("POST /v1/suspend HTTP/1.1")]
    [InlineData("POST /v1/done/00000000 HTTP/1.1")]
    [InlineData("GET /nuget/../v1/status HTTP/1.1")]
    [InlineData("GET /nuget/%2e%2e/v1/status HTTP/1.1")]
    [InlineData("GET //v1/status HTTP/1.1")]
    [InlineData("GET http://localhost/v1/status HTTP/1.1")]
    [InlineData("CONNECT localhost:22 HTTP/1.1")]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("TRACE /nuget/v3/index.json HTTP/1.1")]
    public async Task The_control_api_is_not_to_be_had_over_the_feeds_socket(string request) => (await AskAsync(request)).ShouldMatch("^HTTP/1.1 (4|501)");

    [Theory]
    [InlineData("GET /npm/left-pad HTTP/1.1")]
    [InlineData("GET /npm/left-pad/-/left-pad-1.0.0.tgz HTTP/1.1")]
    [InlineData("GET /nuget/../npm/left-pad HTTP/1.1")]
    [InlineData("GET /pypi/simple/thing/ HTTP/1.1")]
    [InlineData("GET /pypi/files/thing/thing-1.0.tar.gz HTTP/1.1")]
    [InlineData("GET /nuget/../pypi/simple/thing/ HTTP/1.1")]
    [InlineData("GET /apt/0/dists/stable/Release HTTP/1.1")]
    [InlineData("GET /nuget/../apt/0/dists/stable/Release HTTP/1.1")]
    [InlineData("GET //npm/left-pad HTTP/1.1")]
    [InlineData("POST /npm/-/npm/v1/security/advisories/bulk HTTP/1.1")]
    public async Task A_service_that_no_rule_names_asks_nobody(string request) => (await AskAsync(request)).ShouldMatch("^HTTP/1.1 (403|404) ");

    [Theory]
    [InlineData("198.18.0.2:7780")]
    [InlineData("198.18.0.1.evil.example:7780")]
    [InlineData("198.18.0.1:7780@evil.example")]
    [InlineData("evil.example@198.18.0.1:7780")]
    [InlineData("198.18.1:7780")]
    [InlineData("172.16.0.1:7780")]
    [InlineData("host.docker.internal:7780")]
    public async Task A_container_does_not_choose_where_the_next_requests_go(string name)
    {
        var answer = await AskAsync("GET /nuget/v3/index.json HTTP/1.1", host: name);

        answer.ShouldMatch("^HTTP/1.1 400 ");
        (await AskAsync("GET /nuget/v3/index.json HTTP/1.1", host: "198.18.0.1:7780")).ShouldContain("\"http://198.18.0.1:7780/nuget/v3/");
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\nGET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("Content-Length: 44\r\nContent-Length: 0", "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("Upgrade: h2c\r\nConnection: Upgrade", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("Expect: 100-continue\r\nContent-Length: 99999999", "")]
    public async Task A_request_that_hides_another_gets_nothing(string headers, string body) =>
        (await AskAsync("POST /nuget/v3/index.json HTTP/1.1", headers, body)).ShouldNotContain("HTTP/1.1 2");

    [Fact]
    public async Task A_flood_of_header_lines_ends_the_connection()
    {
        var answer = await AskAsync("GET /nuget/v3/index.json HTTP/1.1", string.Concat(Enumerable.Range(0, 5000).Select(i => $"X-{i}: {new string('a', 100)}\r\n")) + "X: y");
        answer.ShouldNotContain("HTTP/1.1 2");
        (await AskAsync("GET /nuget/v3/nothing HTTP/1.1")).ShouldStartWith("HTTP/1.1 404 ", customMessage: "the feed goes on");
    }

    [Fact]
    public void The_socket_lies_where_no_other_user_gets_to_it() =>
        (File.GetUnixFileMode(MachinePaths.CreatePrivate(folder["private"])) & (UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)).ShouldBe(UnixFileMode.None);

    private async Task<string> AskAsync(string line, string headers = "X: y", string body = "", string host = "localhost")
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(services.Socket), Cancel);
        await using var stream = new NetworkStream(socket);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var answer = new StringBuilder();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"{line}\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n\r\n{body}"), Cancel);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var buffer = new char[4096];
            while (await reader.ReadAsync(buffer, limit.Token) is var count and > 0)
            {
                answer.Append(buffer, 0, count);
            }
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !Cancel.IsCancellationRequested))
        {
            // It hung up, or waits for the rest: what it said until then is the answer.
        }

        return answer.ToString();
    }
}
