using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>What happens to a machine when something goes wrong, and what stays. One machine for the class: each test leaves it running or stopped.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class LifecycleTests(LifecycleTests.OwnMachine own) : IClassFixture<LifecycleTests.OwnMachine>
{
    private readonly ProjectFolder project = own.Project;

    [Fact]
    public async Task Killing_the_supervisor_loses_nothing_and_the_guest_is_adopted()
    {
        var boot = await BootIdAsync();
        var before = await StatusAsync();
        Kill(before.GetProperty("supervisorId").GetInt32());

        (await BootIdAsync()).ShouldBe(boot);
        (await StatusAsync()).GetProperty("machineProcessId").GetInt32().ShouldBe(before.GetProperty("machineProcessId").GetInt32());
    }

    [Fact]
    public async Task A_command_whose_supervisor_was_killed_and_replaced_brings_its_outputs()
    {
        await BootIdAsync();
        using var process = ToolRun.Start(project.Path, ["exec", "--", "sh", "-c", "echo started; while [ ! -e /tmp/go ]; do sleep 0.1; done; mkdir -p artifacts; echo late > artifacts/late"]);
        process.StandardInput.Close();
        (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("started");
        Kill((await StatusAsync()).GetProperty("supervisorId").GetInt32());

        // The next supervisor knows nothing of that command.
        (await project.ExecAsync("touch", "/tmp/go")).ShouldSucceed();

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0);
        File.ReadAllText(project["artifacts/late"]).ShouldBe("late\n");
    }

    [Fact]
    public async Task Ctrl_C_is_the_commands_own_also_where_the_machine_was_started_for_it()
    {
        (await project.RunAsync("stop")).ShouldSucceed();
        var start = new ProcessStartInfo("env", ["--default-signal=INT", ToolRun.Program, "exec", "--", "sh", "-c", "trap 'echo interrupted; exit 5' INT; echo started; while :; do sleep 0.1; done"])
        {
            WorkingDirectory = project.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MACHINE_WARM"] = "never";
        using var process = Process.Start(start)!;
        (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("started");

        using var signal = Process.Start("kill", ["-INT", $"{process.Id}"]);

        (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldBe("interrupted\n");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(5);
    }

    [Fact]
    public async Task A_supervisor_that_died_while_it_stopped_the_machine_leaves_none_that_hangs()
    {
        (await project.ExecAsync("sh", "-c", "echo before > stopped.txt")).ShouldSucceed();
        // As far as a stop and a suspend come before the power goes.
        (await project.RootAsync($"cd / && umount -l '{project.Path}' && fsfreeze -f /machine/packages && fsfreeze -f /machine/workspace")).ShouldSucceed();
        Kill((await StatusAsync()).GetProperty("supervisorId").GetInt32());

        (await project.ExecAsync("sh", "-c", "cat stopped.txt; echo after > /machine/packages/after; cat /machine/packages/after")).ShouldSucceed().Output.ShouldBe("before\nafter\n");
    }

    [Fact]
    public async Task Killing_the_virtual_machine_keeps_volumes_and_held_changes()
    {
        (await project.ExecAsync("sh", "-c", "echo held > after-crash.txt; echo cached > /machine/packages/marker; sync")).ShouldSucceed();
        var boot = await BootIdAsync();
        Kill((await StatusAsync()).GetProperty("machineProcessId").GetInt32());

        (await BootIdAsync()).ShouldNotBe(boot);
        (await project.ExecAsync("cat", "after-crash.txt", "/machine/packages/marker")).ShouldSucceed().Output.ShouldBe("held\ncached\n");
        File.Exists(project["after-crash.txt"]).ShouldBeFalse();
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("suspend")]
    public async Task A_command_that_meets_the_machines_end_waits_for_it_and_starts_it_again(string verb)
    {
        foreach (var wait in new[] { 0, 100, 200, 350, 500, 800 })
        {
            await BootIdAsync();
            using var ending = ToolRun.Start(project.Path, [verb]);
            ending.StandardInput.Close();
            while (!ending.HasExited && (await StatusAsync()).GetProperty("state").GetString() == "running")
            {
                // Only what comes after its beginning meets its end.
            }

            await Task.Delay(wait, TestContext.Current.CancellationToken);

            (await project.ExecAsync("true")).ExitCode.ShouldBe(0, $"after {wait} ms");

            await ending.WaitForExitAsync(TestContext.Current.CancellationToken);
            ending.ExitCode.ShouldBe(0, $"after {wait} ms");
        }
    }

    [Fact]
    public async Task A_stop_whose_supervisor_is_killed_stops_the_machine_all_the_same()
    {
        foreach (var wait in new[] { 150, 400 })
        {
            await BootIdAsync();
            var status = await StatusAsync();
            using var stop = ToolRun.Start(project.Path, ["stop"]);
            stop.StandardInput.Close();
            var error = stop.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await Task.Delay(wait, TestContext.Current.CancellationToken);
            HostProcess.KillIfThere(status.GetProperty("supervisorId").GetInt32());

            await stop.WaitForExitAsync(TestContext.Current.CancellationToken);

            stop.ExitCode.ShouldBe(0, $"after {wait} ms: {await error}");
            await Eventually.TrueAsync(() => Task.FromResult(!HostProcess.IsAlive(status.GetProperty("machineProcessId").GetInt32())), TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public async Task Stop_ends_a_running_command_and_says_so()
    {
        await BootIdAsync();
        using var process = ToolRun.Start(project.Path, ["exec", "--", "sh", "-c", "echo started; sleep 600"]);
        process.StandardInput.Close();
        (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("started");

        (await project.RunAsync("stop")).ShouldSucceed();

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(125);
        (await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain("stopped");
    }

    [Fact]
    public async Task Two_starts_at_once_are_one_start_and_what_is_on_volumes_outlives_a_stop()
    {
        (await project.ExecAsync("sh", "-c", "echo 1 > /machine/packages/outlives; echo 1 > /root-disk-file || true; echo x > /db/row")).ShouldSucceed();
        (await project.RunAsync("stop")).ShouldSucceed();

        var starts = await Task.WhenAll(project.RunAsync("start"), project.RunAsync("up"));

        starts.ShouldAllBe(start => start.ExitCode == 0);
        (await project.ExecAsync("cat", "/machine/packages/outlives", "/db/row")).ShouldSucceed().Output.ShouldBe("1\nx\n");
        (await project.ExecAsync("test", "-e", "/root-disk-file")).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_declared_port_reaches_a_server_on_the_guests_loopback()
    {
        await BootIdAsync();
        using var server = ToolRun.Start(project.Path, ["exec", "--", "perl", "-MIO::Socket::INET", "-e",
            "$s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8080, Listen => 1, ReuseAddr => 1) or die $@; $| = 1; print \"listening\\n\"; $c = $s->accept; print $c \"hello from inside\\n\"; close $c"]);
        server.StandardInput.Close();
        (await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("listening");

        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", own.Port, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());

        (await reader.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("hello from inside");
    }

    [Fact]
    public async Task Git_works_inside_and_a_commit_is_held()
    {
        await project.HostAsync("git", "init", "-q");
        await project.HostAsync("git", "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-q", "--allow-empty", "-m", "on the host");

        var status = await project.ExecAsync("git", "status", "--porcelain");
        status.ShouldSucceed().Error.ShouldNotContain(".git/index");
        (await project.ExecAsync("git", "log", "--format=%s")).ShouldSucceed().Output.ShouldBe("on the host\n");
        (await project.ExecAsync("git", "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-q", "--allow-empty", "-m", "inside")).ShouldSucceed();

        (await project.ExecAsync("git", "log", "--format=%s")).Output.ShouldBe("inside\non the host\n");
        (await project.HostAsync("git", "log", "--format=%s")).ShouldBe("on the host\n");
        (await project.RunAsync("changes")).Output.ShouldContain(".git");
    }

    [Fact]
    public async Task Destroy_leaves_no_process_and_no_socket()
    {
        await using var other = new ProjectFolder("it's a \"väry\" odd name", "");
        (await other.ExecAsync("pwd")).ShouldSucceed().Output.ShouldBe(other.Path + "\n");
        var status = JsonDocument.Parse((await other.RunAsync("status", "--json")).Output).RootElement;

        (await other.RunAsync("destroy", "--yes")).ShouldSucceed();

        foreach (var id in new[] { "supervisorId", "machineProcessId" })
        {
            await Eventually.TrueAsync(() => Task.FromResult(!Directory.Exists($"/proc/{status.GetProperty(id).GetInt32()}")), TimeSpan.FromSeconds(20));
        }

        var machine = status.GetProperty("id").GetString()!;
        (await other.RunAsync("list", "--json")).Output.ShouldNotContain(machine);
        Directory.Exists(Path.Combine(own.Home, "machines", machine)).ShouldBeFalse();
    }

    private static void Kill(int process)
    {
        using var victim = Process.GetProcessById(process);
        victim.Kill();
        victim.WaitForExit();
    }

    // Of the guest that runs now. The kernel's own boot_id is the template's in every machine that thawed from it.
    private async Task<string> BootIdAsync() =>
        (await project.ExecAsync("sh", "-c", "[ -e /dev/shm/boot ] || cat /proc/sys/kernel/random/uuid > /dev/shm/boot; cat /dev/shm/boot")).ShouldSucceed().Output;

    private async Task<JsonElement> StatusAsync() => JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement;

    /// <summary>A machine with a port and a volume, for the tests that break it.</summary>
    public sealed class OwnMachine : IAsyncLifetime
    {
        public OwnMachine()
        {
            using var free = new TcpListener(System.Net.IPAddress.Loopback, 0);
            free.Start();
            Port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
            Project = new ProjectFolder("lifecycle", $"ports: [\"{Port}:8080\"]\nvolumes: {{ db: {{ guest: /db, size: 1GiB }} }}\n");
        }

        public int Port { get; }

        public ProjectFolder Project { get; }

        public string Home => Environment.GetEnvironmentVariable("MACHINE_HOME")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "dotnet-machine");

        public async ValueTask InitializeAsync() => (await Project.RunAsync("start", "--approve")).ShouldSucceed();

        public ValueTask DisposeAsync() => Project.DisposeAsync();
    }
}
