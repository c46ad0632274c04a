using System.Net;
using System.Net.Sockets;
using System.Text;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;
using Machine.Tool.Tests.Doors.Secrets;
using Microsoft.AspNetCore.Http;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// Root of the guest may have its requests carry a secret to one server. It wants the secret itself, to have it carried elsewhere, another project's, or more
/// of a model than it was given. That nothing of this host's files holds the secret is looked at after each.
/// </summary>
public sealed class SecretAttacks
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET http://evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET http://evil.example/ HTTP/1.1", "Host: evil.example")]
    [InlineData("GET //evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET /@evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET /\\evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET /..//..//evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET .evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET @evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET :1@evil.example/ HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("CONNECT evil.example:443 HTTP/1.1", "Host: api.secret.internal")]
    [InlineData("GET / HTTP/1.1", "Host: api.secret.internal\r\nHost: evil.example")]
    [InlineData("GET / HTTP/1.1", "Host: evil.example")]
    [InlineData("GET / HTTP/1.1", "Host: api.secret.internal\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example")]
    [InlineData("GET / HTTP/1.1", "Host: api.secret.internal@evil.example")]
    public async Task No_other_server_is_asked(string line, string headers)
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();

        var answer = await AskAsync(test, $"{line}\r\n{headers}\r\nConnection: close\r\n\r\n");

        test.Resolver.Asked.ShouldAllBe(name => name == SecretUnderTest.Host);
        test.Got.Select(got => got.Headers.Host.ToString()).ShouldAllBe(host => host == $"{SecretUnderTest.Host}:{test.Port}");
        answer.ShouldNotContain(SecretUnderTest.Value);
    }

    [Theory]
    [InlineData("other.secret.internal")]
    [InlineData("a.api.secret.internal")]
    [InlineData(".secret.internal")]
    [InlineData("api.secret.internal.evil.example")]
    [InlineData("api_.secret.internal")]
    [InlineData("*.secret.internal")]
    public async Task A_name_that_nobody_agreed_to_carries_nothing(string host)
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();

        var answer = await AskAsync(test, $"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        answer.ShouldMatch("^HTTP/1.1 4");
        test.Got.ShouldBeEmpty();
        test.Resolver.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_is_no_longer_agreed_to_carries_nothing_from_then_on()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        (await test.GetAsync("http://api.secret.internal/")).Status.ShouldBe(HttpStatusCode.OK);

        test.Approved.Clear();

        (await test.GetAsync("http://api.secret.internal/")).Status.ShouldBe(HttpStatusCode.Forbidden);
        test.Got.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_is_denied_is_denied_with_a_secret_too()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        test.Rules = new NetworkRules([], [NetworkRule.Parse(SecretUnderTest.Host).Rule!]);

        (await test.GetAsync("http://api.secret.internal/")).Status.ShouldBe(HttpStatusCode.Forbidden);
        test.Rules = NetworkRules.Nothing;
        (await test.GetAsync("http://api.secret.internal/")).Status.ShouldBe(HttpStatusCode.Forbidden);

        test.Got.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("TRACE")]
    [InlineData("trace")]
    public async Task A_server_is_not_asked_to_send_back_what_it_got(string method)
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();

        var answer = await AskAsync(test, $"{method} / HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: close\r\n\r\n");

        answer.ShouldMatch("^HTTP/1.1 405");
        test.Got.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Connection: close, Authorization")]
    [InlineData("Authorization: Bearer mine\r\nConnection: close")]
    [InlineData("authorization: Bearer mine\r\nAUTHORIZATION: Bearer mine too\r\nConnection: close")]
    [InlineData("Authorization: Bearer mine\r\n , folded\r\nConnection: close")]
    public async Task What_the_guest_signs_in_with_is_not_sent_and_leaves_no_room_for_it(string headers)
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();

        await AskAsync(test, $"GET / HTTP/1.1\r\nHost: api.secret.internal\r\n{headers}\r\n\r\n");

        test.Got.ShouldAllBe(got => got.Headers.Authorization.Count == 1 && got.Headers.Authorization.ToString() == "Bearer " + SecretUnderTest.Value);
        test.Got.Count.ShouldBe(headers.Contains("folded", StringComparison.Ordinal) ? 0 : 1, "a folded line is no header");
    }

    [Theory]
    [InlineData("Content-Length: 40\r\nTransfer-Encoding: chunked", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("Content-Length: 0\r\nContent-Length: 40", "GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("X: a\nTransfer-Encoding: chunked\r\nContent-Length: 45", "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")]
    public async Task A_request_in_a_request_stays_one_or_none(string headers, string body)
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();

        await AskAsync(test, $"POST /outer HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: close\r\n{headers}\r\n\r\n{body}");

        test.Got.Select(got => got.Path).ShouldAllBe(path => path == "/outer");
        test.Got.Count.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_model_is_not_had_for_nothing_by_hanging_up_before_it_says_what_it_cost()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.Anthropic, tokens: 1000);
        test.Answer = async context =>
        {
            await context.Response.WriteAsync("data: {\"usage\":{\"input_tokens\":500,\"output_tokens\":1}}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };

        for (var i = 0; i < 2; i++)
        {
            using var client = test.Client();
            using var request = new HttpRequestMessage(HttpMethod.Post, "http://api.secret.internal/v1/messages") { Content = new StringContent("{}") };
            using var answer = await client.SendAsync(request, Cancel);
            await (await answer.Content.ReadAsStreamAsync(Cancel)).ReadExactlyAsync(new byte[10], Cancel);
        }

        await UntilAsync(() => test.Logged().Count(line => line.End == EgressEnd.Closed) == 2);
        (await test.PostAsync("http://api.secret.internal/v1/messages", "{}")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_model_is_not_had_for_nothing_by_hanging_up_before_it_answers_at_all()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.Anthropic, tokens: 100);
        test.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        using (var client = test.Client())
        using (var request = new HttpRequestMessage(HttpMethod.Post, "http://api.secret.internal/v1/messages") { Content = new StringContent(new string('x', 4000)) })
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var asking = client.SendAsync(request, stop.Token);
            await UntilAsync(() => test.Got.Count == 1);
            await stop.CancelAsync();
            await asking.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        await UntilAsync(() => test.Logged().Any(line => line.End == EgressEnd.Closed));
        (await test.PostAsync("http://api.secret.internal/v1/messages", "{}")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Theory]
    [InlineData("POST", "/v1/messages/batches")]
    [InlineData("POST", "/v1/files")]
    [InlineData("GET", "/v1/responses/1")]
    [InlineData("POST", "//v1/messages")]
    [InlineData("POST", "/v1/messages/")]
    [InlineData("POST", "/v1/x/../messages")]
    [InlineData("POST", "/v1/%6dessages")]
    [InlineData("PUT", "/v1/messages")]
    public async Task A_call_that_is_paid_for_elsewhere_is_not_carried_where_tokens_are_numbered(string method, string path)
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.Anthropic, tokens: 100);

        await AskAsync(test, $"{method} {path} HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

        test.Got.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_budget_that_cannot_be_written_counts_all_the_same()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.Anthropic, tokens: 100);
        Directory.CreateDirectory(test.Folder["tokens.json"]);
        test.Answer = context => context.Response.WriteAsync("""{"usage":{"input_tokens":80,"output_tokens":80}}""", Cancel);

        (await test.PostAsync("http://api.secret.internal/v1/messages", "{}")).Status.ShouldBe(HttpStatusCode.OK);

        await UntilAsync(() => test.Logged().Any(line => line.End == EgressEnd.Closed));
        (await test.PostAsync("http://api.secret.internal/v1/messages", "{}")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task A_header_that_the_server_sends_back_does_not_come_back()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(header: "X-Api-Key");
        test.Answer = context =>
        {
            context.Response.Headers["X-Echo"] = "you sent " + context.Request.Headers["X-Api-Key"];
            return Task.CompletedTask;
        };

        var answer = await AskAsync(test, "GET / HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 200");
        answer.ShouldNotContain(SecretUnderTest.Value);
    }

    [Fact]
    public async Task A_model_is_not_had_uncounted_compressed_or_in_another_protocol()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.OpenAi, tokens: 1000);

        await AskAsync(test, "GET /v1/realtime HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        await AskAsync(test, "POST /v1/responses HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: close\r\nAccept-Encoding: gzip, br\r\nContent-Length: 2\r\n\r\n{}");

        test.Got.ShouldHaveSingleItem().Headers.AcceptEncoding.ToString().ShouldBe("identity");
    }

    [Fact]
    public async Task Requests_that_never_end_leave_the_feed_its_places()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        test.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        using var client = test.Client();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var hanging = Enumerable.Range(0, 64).Select(_ => client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://api.secret.internal/"), stop.Token)).ToList();
        await UntilAsync(() => test.Got.Count == 64);

        (await test.GetAsync("http://api.secret.internal/")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await test.GetAsync("http://localhost/nuget/v3/nothing")).Status.ShouldBe(HttpStatusCode.NotFound, "the feed answers");
        await stop.CancelAsync();
        await Task.WhenAll(hanging).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!holds())
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
            await Task.Delay(20, Cancel);
        }
    }

    private static async Task<string> AskAsync(SecretUnderTest test, string request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(test.SocketPath), Cancel);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(3));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) is > 0 and var count)
            {
                answer.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !Cancel.IsCancellationRequested))
        {
            // It hung up, or waits for the rest: what it said until then is the answer.
        }

        return answer.ToString();
    }
}
