using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Secrets;
using Microsoft.AspNetCore.Http;

namespace Machine.Tool.Tests.Doors.Secrets;

public sealed class SecretEndpointTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_goes_to_its_server_with_the_secret_and_without_what_the_guest_signed_in_with()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve("STRIPE_KEY");

        var (status, text) = await test.GetAsync("http://stripe-key.secret.internal/v1/things%2Fone?x=1&y=%20", request =>
        {
            request.Method = HttpMethod.Put;
            request.Content = new StringContent("a body");
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer of-the-guest");
            request.Headers.TryAddWithoutValidation("X-Api-Key", "of-the-guest");
            request.Headers.TryAddWithoutValidation("Cookie", "session=of-the-guest");
            request.Headers.TryAddWithoutValidation("X-Other", "stays");
        });

        (status, text).ShouldBe((HttpStatusCode.OK, "hello"));
        var got = test.Got.ShouldHaveSingleItem();
        (got.Method, got.Path, got.Body).ShouldBe(("PUT", "/v1/things%2Fone?x=1&y=%20", "a body"));
        got.Headers.Authorization.ToString().ShouldBe("Bearer " + SecretUnderTest.Value);
        got.Headers.Host.ToString().ShouldBe($"{SecretUnderTest.Host}:{test.Port}");
        got.Headers["X-Other"].ToString().ShouldBe("stays");
        got.Headers.SelectMany(header => header.Value).ShouldNotContain(value => value!.Contains("of-the-guest", StringComparison.Ordinal));
        test.Logged().Select(line => (line.Server, line.End, line.Rule)).ShouldBe(
            [(SecretUnderTest.Host, EgressEnd.Allowed, "secret STRIPE_KEY"), (SecretUnderTest.Host, EgressEnd.Closed, "secret STRIPE_KEY")]);
    }

    [Fact]
    public async Task It_is_reached_by_its_name_through_the_door()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        using var relay = await test.RelayAsync();

        await relay.SendAsync("to api.secret.internal 80\nGET /through HTTP/1.1\r\nHost: api.secret.internal\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancel);
        using var stream = new StreamReader(new NetworkStream(relay));
        var answer = await stream.ReadToEndAsync(Cancel);

        answer.ShouldStartWith("yes\nHTTP/1.1 200 OK");
        test.Got.ShouldHaveSingleItem().Path.ShouldBe("/through");
    }

    [Fact]
    public async Task What_streams_comes_as_it_is_sent()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.Anthropic);
        var seen = new TaskCompletionSource();
        test.Answer = async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: one\n\n", Cancel);
            await context.Response.Body.FlushAsync(Cancel);
            await seen.Task.WaitAsync(Cancel);
            await context.Response.WriteAsync("data: two\n\n", Cancel);
        };
        using var client = test.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://api.secret.internal/v1/messages") { Content = new StringContent("{}") };

        using var answer = await client.SendAsync(request, Cancel);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
        (await reader.ReadLineAsync(Cancel)).ShouldBe("data: one");
        seen.SetResult();

        (await reader.ReadToEndAsync(Cancel)).ShouldBe("\ndata: two\n\n");
        test.Got.Single().Headers["x-api-key"].ToString().ShouldBe(SecretUnderTest.Value);
        test.Got.Single().Headers.AcceptEncoding.ToString().ShouldBe("identity");
    }

    [Fact]
    public async Task A_web_socket_is_carried()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        test.Answer = async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[100];
            var count = (await socket.ReceiveAsync(buffer, Cancel)).Count;
            await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Text, endOfMessage: true, Cancel);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        };
        using var socket = new ClientWebSocket();
        using var client = test.Client();

        await socket.ConnectAsync(new Uri("ws://api.secret.internal/socket"), client, Cancel);
        await socket.SendAsync(Encoding.UTF8.GetBytes("echo"), WebSocketMessageType.Text, endOfMessage: true, Cancel);
        var answer = new byte[100];
        var received = await socket.ReceiveAsync(answer, Cancel);

        Encoding.UTF8.GetString(answer, 0, received.Count).ShouldBe("echo");
        test.Got.Single().Headers.Authorization.ToString().ShouldBe("Bearer " + SecretUnderTest.Value);
    }

    [Fact]
    public async Task A_file_is_read_for_each_request_and_a_program_gives_its_first_line()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve("FILE", with: secret => secret with { Origin = SecretOrigin.File, Path = test.Folder["token.secret"] });
        test.Approve("PROGRAM", with: secret => secret with { Origin = SecretOrigin.Command, Command = ["printf", "%s\\nsecond line", "of a program"] });
        await File.WriteAllTextAsync(test.Folder["token.secret"], "first\n", Cancel);
        await test.GetAsync("http://file.secret.internal/");
        await File.WriteAllTextAsync(test.Folder["token.secret"], "second", Cancel);
        await test.GetAsync("http://file.secret.internal/");
        await test.GetAsync("http://program.secret.internal/");

        test.Got.Select(got => got.Headers.Authorization.ToString()).ShouldBe(["Bearer first", "Bearer second", "Bearer of a program"]);
    }

    [Fact]
    public async Task What_git_has_for_the_server_is_a_name_and_a_password()
    {
        Assert.SkipWhen(HostProgram.Find("git") is null, "git is not installed");
        await using var test = await SecretUnderTest.StartAsync();
        await File.WriteAllTextAsync(test.Folder["git.secret"], $"https://me:pass%20word@{SecretUnderTest.Host}%3a{test.Port}\n", Cancel);
        await File.WriteAllTextAsync(test.Folder["gitconfig"], $"[credential]\n\thelper = store --file={test.Folder["git.secret"]}\n", Cancel);
        test.Approve("GIT", with: secret => secret with { Origin = SecretOrigin.GitCredential });
        (await test.GetAsync("http://git.secret.internal/")).Status.ShouldBe(HttpStatusCode.OK);

        test.Got.Single().Headers.Authorization.ToString().ShouldBe("Basic " + Convert.ToBase64String("me:pass word"u8));
    }

    [Fact]
    public async Task What_this_host_lacks_is_told_to_its_log_and_not_to_the_guest()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve("FILE", with: secret => secret with { Origin = SecretOrigin.File, Path = "/nowhere/of-this-host" });
        test.Approve("PROGRAM", with: secret => secret with { Origin = SecretOrigin.Command, Command = ["ls", "/nowhere/of-this-host"] });
        test.Approve("EMPTY", with: secret => secret with { Origin = SecretOrigin.Command, Command = ["true"] });
        test.Approve("ODD", with: secret => secret with { Origin = SecretOrigin.Command, Command = ["printf", "a\\rX-Injected: yes"] });
        var texts = new List<string>();
        foreach (var name in new[] { "file", "program", "empty", "odd" })
        {
            var (status, text) = await test.GetAsync($"http://{name}.secret.internal/");
            status.ShouldBe(HttpStatusCode.BadGateway);
            texts.Add(text);
        }

        texts.ShouldAllBe(text => text.Contains("this host does not have the secret") && !text.Contains("nowhere"));
        test.Logged().Select(line => line.Reason!).ToList().ShouldSatisfyAllConditions(
            reasons => reasons[0].ShouldContain("/nowhere/of-this-host"),
            reasons => reasons[1].ShouldContain("ls ended with"),
            reasons => reasons[2].ShouldContain("is empty"),
            reasons => reasons[3].ShouldContain("nothing that a header can hold"));
        test.Got.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_days_tokens_are_counted_and_then_refused_until_the_next()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve(api: ModelApi.Anthropic, tokens: 100);
        test.Answer = context => context.Response.WriteAsync("""{"content":[{"text":"\"output_tokens\": 999999"}],"usage":{"input_tokens":40,"cache_read_input_tokens":5,"output_tokens" : 25}}""", Cancel);

        for (var i = 0; i < 2; i++)
        {
            (await test.PostAsync("http://api.secret.internal/v1/messages", "{}")).Status.ShouldBe(HttpStatusCode.OK);
        }

        var (status, text) = await test.PostAsync("http://api.secret.internal/v1/messages", "{}");
        status.ShouldBe(HttpStatusCode.TooManyRequests);
        text.ShouldContain("140 tokens are spent today of the 100");
        test.Got.Count.ShouldBe(2);
        test.Logged().Where(line => line.End == EgressEnd.Closed).Select(line => line.Tokens).ShouldBe([70, 70]);

        test.Time.By = TimeSpan.FromHours(14);
        (await test.PostAsync("http://api.secret.internal/v1/messages", "{}")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Cookies_stay_on_the_host_and_redirects_are_the_guests()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        test.Answer = context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "https://elsewhere.example/";
            context.Response.Headers.SetCookie = "session=signed-in";
            return Task.CompletedTask;
        };
        using var client = test.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://api.secret.internal/");

        using var answer = await client.SendAsync(request, Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        answer.Headers.Location!.ToString().ShouldBe("https://elsewhere.example/");
        answer.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    [Fact]
    public async Task An_address_that_the_door_would_not_dial_is_not_dialled()
    {
        await using var test = await SecretUnderTest.StartAsync();
        test.Approve();
        test.Resolver.Addresses = [IPAddress.Parse("10.0.0.5")];

        var (status, text) = await test.GetAsync("http://api.secret.internal/");

        status.ShouldBe(HttpStatusCode.BadGateway);
        text.ShouldContain("private network");
        text.ShouldNotContain("10.0.0.5");
        test.Logged().Single(line => line.End == EgressEnd.Denied).Reason!.ShouldContain("10.0.0.5");
    }

    [Fact]
    public async Task A_server_that_is_another_gets_no_request()
    {
        await using var test = await SecretUnderTest.StartAsync("other.example.com");
        test.Approve();

        (await test.GetAsync("http://api.secret.internal/")).Status.ShouldBe(HttpStatusCode.BadGateway);

        test.Got.ShouldBeEmpty();
    }
}
