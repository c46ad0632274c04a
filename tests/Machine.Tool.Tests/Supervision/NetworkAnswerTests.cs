using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Supervision;

/// <summary>What the supervisor of a running machine says of its network: the real control API, door and rules, asked by the real client; the emulator and the guest are played.</summary>
public sealed class NetworkAnswerTests : IAsyncLifetime
{
    private readonly SupervisedMachine machine = new("sdk: none\nidle: never\nnetwork: { allow: [a.example.com, \"*.b.example.com\"], deny: [t.b.example.com] }\n");
    private readonly ToolProcess tool = new();
    private ProjectMachine found = null!;
    private WebApplication api = null!;
    private MachineLifecycle supervisor = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the socket's folder is computed for Unix");
        await machine.WithImageAsync();
        supervisor = machine.Supervisor();
        // Where the tool looks for its socket.
        found = new ProjectMachine(MachinePaths.At(machine.Paths.Home), machine.Folders.Project).Create();
        api = ServiceHost.Create(found.ControlSocket, NullLoggerFactory.Instance, _ => { });
        new ControlApi(machine.Folders, machine.Paths, supervisor, NullLogger.Instance).Map(api);
        await api.StartAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await supervisor.StopAsync(CancellationToken.None);
        await api.DisposeAsync();
        Directory.Delete(MachinePaths.At(machine.Paths.Home).Runtime, recursive: true);
        machine.Dispose();
        tool.Dispose();
    }

    [Fact]
    public async Task Before_the_machine_runs_nothing_is_answered_and_the_files_count()
    {
        using var answer = ControlAnswer.To(found.ControlSocket, "GET", "/v1/network", Cancel);
        answer.Read<NetworkAnswer>().ShouldBeNull();

        (await ShowAsync()).ShouldBe(["a.example.com True True True", "*.b.example.com True True True", "t.b.example.com False True True"]);
    }

    [Fact]
    public async Task What_is_shown_and_checked_is_what_the_running_machine_obeys()
    {
        await supervisor.Enter()!.Value.Ready.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        (await ShowAsync()).ShouldBe(["a.example.com True True True", "*.b.example.com True True True", "t.b.example.com False True True"]);

        // A commit: what it takes away is over, what it adds waits, and what it no longer denies stays denied.
        await File.WriteAllTextAsync(machine.Folders.Project.Machinefile, "sdk: none\nnetwork: { allow: [\"*.b.example.com\", evil.example.com] }\n", Cancel);

        (await ShowAsync()).ShouldBe(["*.b.example.com True True True", "evil.example.com True False True", "t.b.example.com False True False"]);
        (await RunAsync("network", "show")).Output.ShouldContain("until the changed Machinefile is approved");
        (await RunAsync("network", "check", "evil.example.com")).ExitCode.ShouldBe(ExitCode.Failed);
        var denied = await RunAsync("network", "check", "t.b.example.com", "--json");
        denied.ExitCode.ShouldBe(ExitCode.Failed);
        denied.Output.ShouldContain("\"rule\": \"t.b.example.com\"");
        // The files alone would know of neither.
        new LiveRules(machine.Folders, machine.Paths, NetworkRules.None).Current().Deny.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_persons_own_rules_that_cannot_be_read_allow_nothing_there_either()
    {
        await supervisor.Enter()!.Value.Ready.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        await File.WriteAllTextAsync(machine.Paths.PersonalNetwork, "{", Cancel);

        using var answer = ControlAnswer.To(found.ControlSocket, "GET", "/v1/network", Cancel);

        answer.Read<NetworkAnswer>().ShouldNotBeNull().DeniesAll.ShouldBeTrue();
        File.Delete(machine.Paths.PersonalNetwork);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("?denied", true)]
    public async Task The_end_of_a_command_tells_what_was_denied_since_it_began_where_the_client_asks(string query, bool told)
    {
        await supervisor.Enter()!.Value.Ready.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        await AskAsync("before.example.com", 443);
        var order = new ExecOrder(machine.Folders.Project.Path, ["true"u8.ToArray()], new Dictionary<string, string?>(), new Dictionary<string, string>());
        using var exec = ControlAnswer.To(found.ControlSocket, "POST", "/v1/exec", Cancel, new ExecRequest("true", order));
        ControlEvent news;
        do
        {
            news = ControlEvent.Read(exec.Body);
            news.Failure.ShouldBeNull();
        }
        while (news.Lease is null);

        await AskAsync("api.example.com", 443);
        await AskAsync("api.example.com", 443);
        await AskAsync("10.0.0.1", 80);

        using var done = ControlAnswer.To(found.ControlSocket, "POST", $"/v1/done/{news.Lease.Token}{query}", Cancel);
        var denied = done.Read<ExecEnd>()?.Denied;
        if (!told)
        {
            denied.ShouldBeNull();
            return;
        }

        denied.ShouldNotBeNull().Servers.Select(one => $"{one.Server}:{one.Port} {one.Times} {one.Wish}").ShouldBe(["api.example.com:443 2 api.example.com", "10.0.0.1:80 1 "]);
        denied.Beyond.ShouldBe(0);
    }

    private async Task AskAsync(string name, int port)
    {
        using var relay = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await relay.ConnectAsync(new UnixDomainSocketEndPoint(machine.Folders.DoorSocket), Cancel);
        await relay.SendAsync(Encoding.ASCII.GetBytes($"to {name} {port}\n"), Cancel);
        // Until it is denied.
        (await relay.ReceiveAsync(new byte[64], Cancel)).ShouldBeGreaterThan(0);
    }

    private async Task<IEnumerable<string>> ShowAsync()
    {
        var outcome = await RunAsync("network", "show", "--json");
        outcome.ExitCode.ShouldBe(0, outcome.ToString());
        using var rules = JsonDocument.Parse(outcome.Output);
        return [.. rules.RootElement.EnumerateArray().Select(rule => $"{rule.GetProperty("rule")} {rule.GetProperty("allows")} {rule.GetProperty("inForce")} {rule.GetProperty("written")}")];
    }

    private Task<ToolOutcome> RunAsync(params string[] arguments) => tool.RunInAsync(
        machine.Folders.Project.Path,
        new Dictionary<string, string> { ["MACHINE_HOME"] = machine.Paths.Home, ["XDG_RUNTIME_DIR"] = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "" },
        arguments);
}
