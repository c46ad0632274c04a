using System.Net;
using Machine.Tool.Control;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>The real client, with a supervisor of the test's own and a script in ssh's place: what the guest writes is the script's.</summary>
internal sealed class ClientUnderAttack : IAsyncDisposable
{
    private readonly ToolProcess tool = new();
    private readonly WebApplication supervisor;
    private readonly string runtime;

    private ClientUnderAttack(string guest, Func<ExecRequest, string, Task<ControlEvent>>? answer)
    {
        tool.Write("project/Machinefile", "");
        tool.Write("guest.sh", guest);
        var ssh = tool.Write("bin/ssh", $"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {At("ssh.args")}\nexec sh {At("guest.sh")}\n");
        File.SetUnixFileMode(ssh, (UnixFileMode)0x1ED);
        var folders = new ProjectMachine(MachinePaths.At(tool.Home), new ProjectRoot(ProjectRoot.RealPath(tool.Project))).Create();
        runtime = folders.Runtime;
        supervisor = ServiceHost.Create(folders.ControlSocket, NullLoggerFactory.Instance, _ => { });
        supervisor.MapPost("/v1/exec", async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            body.Position = 0;
            var token = RunningCommands.NewToken();
            var news = answer is null ? Lease(token) : await answer(ExecRequest.Read(new FieldReader(body)), token);
            await http.Response.Body.WriteAsync(news.ToFields().Written.ToArray());
            await http.Response.Body.FlushAsync();
            if (news.Lease is not null)
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });
        supervisor.MapPost("/v1/done/{token}", http =>
        {
            Ended.Add(http.Request.QueryString.Value ?? "");
            return Ending?.Invoke() is { } end ? http.Response.WriteAsJsonAsync(end, ControlJson.Options) : Task.CompletedTask;
        });
    }

    /// <summary>What the supervisor says when a command has ended; null for nothing.</summary>
    public Func<ExecEnd?>? Ending { get; set; }

    /// <summary>What the client asked for then, in each query.</summary>
    public List<string> Ended { get; } = [];

    public string Home => tool.Home;

    /// <param name="guest">A shell script.</param>
    /// <param name="answer">The supervisor's, by request and token; null for a lease.</param>
    public static async Task<ClientUnderAttack> StartAsync(string guest, Func<ExecRequest, string, Task<ControlEvent>>? answer = null)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the socket's folder is computed for Unix");
        var client = new ClientUnderAttack(guest, answer);
        await client.supervisor.StartAsync(TestContext.Current.CancellationToken);
        return client;
    }

    public static ControlEvent Lease(string token) => new()
    {
        Lease = new ExecLease(token, new GuestAddress(new IPEndPoint(IPAddress.Loopback, 1), "key", "hosts", "/nowhere/ssh"), "tcg", Stale: false, new PreparedExec(GuestCommand.Line(token), DateTimeOffset.UtcNow)),
    };

    /// <summary>A file beside the project.</summary>
    public string At(string name) => Path.Combine(Path.GetDirectoryName(tool.Project)!, name);

    public string Write(string name, string content) => tool.Write(name, content);

    public Dictionary<string, string> Variables(params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = At("bin") + ":" + Environment.GetEnvironmentVariable("PATH"),
            // Where both look for the socket.
            ["XDG_RUNTIME_DIR"] = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "",
            ["CI"] = "",
            ["GITHUB_ACTIONS"] = "",
            ["TF_BUILD"] = "",
            ["TEAMCITY_VERSION"] = "",
            ["MACHINE_RAW"] = "",
            ["TERM"] = "xterm",
        };
        more.ToList().ForEach(one => variables[one.Name] = one.Value);
        return variables;
    }

    public Task<ToolOutcome> RunAsync(IReadOnlyDictionary<string, string> variables, params string[] arguments) => tool.RunAsync(variables, arguments);

    /// <inheritdoc cref="ToolProcess.RunAtTerminalAsync"/>
    public async Task<string> RunAtTerminalAsync(IReadOnlyDictionary<string, string> variables, (string After, string Keys)[] typed, params string[] arguments) =>
        (await tool.RunAtTerminalAsync(variables, typed, arguments)).Output;

    public async ValueTask DisposeAsync()
    {
        await supervisor.DisposeAsync();
        tool.Dispose();
        if (Directory.Exists(runtime))
        {
            Directory.Delete(runtime, recursive: true);
        }
    }
}
