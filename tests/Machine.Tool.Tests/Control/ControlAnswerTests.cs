using System.Text.Json;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Workspaces.Review;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Control;

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
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            body.Position = 0;
            await http.Response.Body.WriteAsync(new ControlEvent { Note = ExecRequest.Read(new FieldReader(body)).Display }.ToFields().Written.ToArray(), http.RequestAborted);
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
    public void A_value_is_read_whole()
    {
        using var answer = ControlAnswer.To(Socket, "POST", "/v1/suspend", Cancel);

        answer.Read<SuspendAnswer>()!.Reason.ShouldBe("it is awake");
    }

    [Fact]
    public async Task News_arrive_as_they_are_written_and_the_server_sees_the_client_go()
    {
        using (var answer = ControlAnswer.To(Socket, "POST", "/v1/exec", Cancel, new ExecRequest("true äöü")))
        {
            ControlEvent.Read(answer.Body).Note.ShouldBe("true äöü");
            clientGone.Task.IsCompleted.ShouldBeFalse();
        }

        await clientGone.Task.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task Who_waits_for_news_can_be_interrupted()
    {
        using var interrupt = new CancellationTokenSource();
        using var answer = ControlAnswer.To(Socket, "POST", "/v1/exec", interrupt.Token, new ExecRequest("sleep"));
        ControlEvent.Read(answer.Body).Note.ShouldBe("sleep");
        var more = Task.Run(() => ControlEvent.Read(answer.Body), Cancel);

        await interrupt.CancelAsync();

        await Should.ThrowAsync<IOException>(() => more.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
    }

    [Fact]
    public void What_the_server_refuses_is_an_error() =>
        (Should.Throw<IOException>(() => ControlAnswer.To(Socket, "POST", "/v1/nothing", Cancel))).Message.ShouldContain("404");

    [Fact]
    public async Task Where_nobody_listens_is_an_error()
    {
        await server.StopAsync(Cancel);

        Should.Throw<IOException>(() => ControlAnswer.To(Socket, "GET", "/v1/status", Cancel));
    }
}

/// <summary>What was looked into at compile time is written as everything else is: older and newer versions read it.</summary>
public sealed class KnownTypesTests
{
    private static readonly JsonSerializerOptions Reflected = new(ControlJson.Options) { TypeInfoResolver = JsonState.Options.TypeInfoResolver };

    [Fact]
    public void A_message_is_the_same_by_reflection()
    {
        var status = new MachineStatus
        {
            Id = "a-1",
            Project = "/a",
            State = MachineState.Suspending,
            Version = "1",
            SupervisorId = 2,
            MachineProcessId = 3,
            Engine = "qemu",
            Started = DateTimeOffset.UnixEpoch,
            MemoryBytes = 4,
            Commands = [new RunningCommand("t", "true", DateTimeOffset.UnixEpoch)],
            Ports = ["127.0.0.1:1 → 2"],
            Stale = true,
        };
        Same(status);
        Same(new ExecEnd(null, new ControlFailure("no", null, 1)));
        Same(new ExecEnd(null, null, new DeniedConnections([new DeniedServer("api.example.com", 443, 2, "api.example.com", "curl -s", "why"), new DeniedServer("::1", 80, 1, null, null, null)], 7)));
        Same(new NetworkAnswer([new RuleInForce("api.example.com", Allows: true, Private: false)], DeniesAll: false));
        Same(new ExecEnd(ChangeReport.Of([new Change("a", ChangeKind.Deleted, ChangeClass.Guarded, 1, Executable: true, Conflict: false, "why")]), null));
        Same(new MachineRecord
        {
            Version = 1,
            Id = "a-1",
            Project = "/a",
            ImageHash = null,
            Engine = "qemu",
            FreshVolumes = ["home"],
            Prepared = true,
            Started = DateTimeOffset.UnixEpoch,
        });
    }

    private static void Same<T>(T value)
    {
        var text = JsonSerializer.Serialize(value, Reflected);
        JsonSerializer.Serialize(value, ControlJson.Options).ShouldBe(text);
        JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(text, ControlJson.Options), Reflected).ShouldBe(text);
    }
}
