using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Supervision;

/// <summary>The client's few lines of HTTP against the very server that the supervisor has.</summary>
public sealed class ControlAnswerTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("machine-control-");
    private readonly TaskCompletionSource clientGone = new();
    private WebApplication server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Socket => Path.Combine(folder.FullName, "api");

    public async ValueTask InitializeAsync()
    {
        server = ServiceHost.Create(Socket, NullLoggerFactory.Instance, _ => { });
        server.MapPost("/v1/suspend", http => http.Response.WriteAsJsonAsync(new SuspendAnswer("it is awake"), ControlJson.Options, http.RequestAborted));
        server.MapPost("/v1/exec", async http =>
        {
            var request = await http.Request.ReadFromJsonAsync<CommandRequest>(ControlJson.Options, http.RequestAborted);
            await http.Response.WriteAsync(JsonSerializer.Serialize(new ControlEvent { Note = request!.Display }, ControlJson.Options) + "\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            http.RequestAborted.Register(clientGone.SetResult);
            await clientGone.Task;
        });
        await server.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_value_is_read_whole()
    {
        using var answer = await ControlAnswer.ToAsync(Socket, "POST", "/v1/suspend", Cancel);

        (await answer.ReadAsync<SuspendAnswer>(Cancel)).Reason.ShouldBe("it is awake");
    }

    [Fact]
    public async Task News_arrive_as_they_are_written_and_the_server_sees_the_client_go()
    {
        using (var answer = await ControlAnswer.ToAsync(Socket, "POST", "/v1/exec", Cancel, new CommandRequest("true äöü")))
        {
            ControlEvent.Parse((await answer.Body.ReadLineAsync(Cancel))!).Note.ShouldBe("true äöü");
            clientGone.Task.IsCompleted.ShouldBeFalse();
        }

        await clientGone.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public void News_are_read_as_the_supervisor_writes_them()
    {
        ControlEvent[] all =
        [
            new() { Step = "booting" },
            new() { Detail = "äöü \"quoted\"" },
            new() { Note = "line\nline" },
            new() { Failure = new ControlFailure("message", "remedy", 3) },
            new() { Failure = new ControlFailure("message", null, 125) },
            new() { Lease = new CommandLease("token", new GuestConnection(22, "key", "hosts", "socket"), "tcg", Stale: true) },
            new() { Stopped = true },
        ];

        foreach (var news in all)
        {
            ControlEvent.Parse(JsonSerializer.Serialize(news, ControlJson.Options)).ShouldBe(news);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"lease\":{}}")]
    [InlineData("{\"failure\":\"\"}")]
    [InlineData("{\"step\":1}")]
    public void What_is_no_news_is_refused(string line) => Should.Throw<JsonException>(() => ControlEvent.Parse(line));

    [Fact]
    public async Task What_the_server_refuses_is_an_error() =>
        (await Should.ThrowAsync<IOException>(() => ControlAnswer.ToAsync(Socket, "POST", "/v1/nothing", Cancel))).Message.ShouldContain("404");

    [Fact]
    public async Task Where_nobody_listens_is_an_error()
    {
        await server.StopAsync(Cancel);

        await Should.ThrowAsync<IOException>(() => ControlAnswer.ToAsync(Socket, "GET", "/v1/status", Cancel));
    }
}

/// <summary>What was looked into at compile time is written as everything else is: older and newer versions read it.</summary>
public sealed class KnownTypesTests
{
    private static readonly JsonSerializerOptions Reflected = new(ControlJson.Options) { TypeInfoResolver = JsonState.Options.TypeInfoResolver };

    [Fact]
    public void A_message_is_the_same_by_reflection()
    {
        var status = new MachineStatus(
            "a-1", "/a", MachineState.Suspending, "1", 2, 3, null, "qemu", "tcg", null, DateTimeOffset.UnixEpoch, 4,
            [new RunningCommand("t", "true", DateTimeOffset.UnixEpoch)], ["127.0.0.1:1 → 2"], Stale: true);
        Same(status);
        Same(new ControlEvent { Lease = new CommandLease("t", new GuestConnection(1, "k", "h", "c"), "tcg", Stale: false) });
        Same(new ControlEvent { Failure = new ControlFailure("no", null, 1) });
        Same(new ControlEvent { Stopped = true });
        Same(new MachineRecord(1, "a-1", "/a", null, "qemu", ["home"], Prepared: true, DateTimeOffset.UnixEpoch));
    }

    private static void Same<T>(T value)
    {
        var text = JsonSerializer.Serialize(value, Reflected);
        JsonSerializer.Serialize(value, ControlJson.Options).ShouldBe(text);
        JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(text, ControlJson.Options), Reflected).ShouldBe(text);
    }
}
