using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

/// <summary>Real QEMU processes whose firmware finds nothing to boot.</summary>
public sealed class QemuEngineTests : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly QemuFixture qemu = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => qemu.DisposeAsync();

    [Fact]
    public async Task A_started_machine_runs_and_its_ssh_port_is_bound()
    {
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        (await machine.StatusAsync(Cancel)).ShouldBe("running");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, machine.Ssh.Port, Cancel);
        (await File.ReadAllTextAsync(qemu.Places.PidFile, Cancel)).Trim().ShouldBe($"{machine.ProcessId}");
        File.Exists(qemu.Places.EphemeralRoot).ShouldBeTrue();
    }

    [Fact]
    public async Task It_stands_in_a_session_of_its_own_with_nothing_of_its_starters()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        var stat = await File.ReadAllTextAsync($"/proc/{machine.ProcessId}/stat", Cancel);
        stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3].ShouldBe($"{machine.ProcessId}", "session");
        File.ResolveLinkTarget($"/proc/{machine.ProcessId}/fd/0", returnFinalTarget: false)!.FullName.ShouldBe("/dev/null");
        File.ResolveLinkTarget($"/proc/{machine.ProcessId}/fd/1", returnFinalTarget: false)!.FullName.ShouldBe(qemu.Places.Log);
        (await File.ReadAllTextAsync($"/proc/{machine.ProcessId}/environ", Cancel)).ShouldNotContain("DOTNET_");
        (await File.ReadAllTextAsync($"/proc/{machine.ProcessId}/status", Cancel)).ShouldContain("Seccomp:\t2");
    }

    [Fact]
    public async Task The_next_supervisor_adopts_what_the_last_one_let_go()
    {
        var first = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        await first.DisposeAsync();

        await using var second = (QemuMachine?)await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel);
        second.ShouldNotBeNull();
        (second.ProcessId, second.Ssh, second.Accelerator).ShouldBe((first.ProcessId, first.Ssh, first.Accelerator));
        await second.KillAsync(Cancel);
        (await second.Exited).ShouldBe("");
        HostProcess.Find(first.ProcessId).ShouldBeNull();
    }

    [Fact]
    public async Task A_machine_that_was_killed_is_told_and_leaves_nothing_to_adopt()
    {
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        using (var process = Process.GetProcessById(machine.ProcessId))
        {
            process.Kill();
        }

        (await machine.Exited.WaitAsync(Timeout, Cancel)).ShouldContain("killed");
        (await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel)).ShouldBeNull();
        Directory.GetFileSystemEntries(qemu.Runtime).ShouldBeEmpty();
        await using var again = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        (await again.StatusAsync(Cancel)).ShouldBe("running");
    }

    [Fact]
    public async Task A_machine_that_died_while_nobody_watched_is_cleaned_up()
    {
        var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        await machine.DisposeAsync();
        await HostProcess.Find(machine.ProcessId)!.KillAsync(Cancel);
        File.Exists(qemu.Places.QmpSocket).ShouldBeTrue();

        (await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel)).ShouldBeNull();
        Directory.GetFileSystemEntries(qemu.Runtime).ShouldBeEmpty();
        File.Exists(qemu.Places.State).ShouldBeFalse();
    }

    [Fact]
    public async Task Another_process_that_got_the_same_id_is_left_alone()
    {
        Directory.CreateDirectory(qemu.Folder);
        using var bystander = Process.Start("sleep", ["60"]);
        new QemuState
        {
            Uuid = Guid.NewGuid(),
            Process = new HostProcess(bystander.Id, "another boot/12345"),
            SshPort = 1,
            Accelerator = "tcg",
            RootIsEphemeral = true,
            Build = new QemuBuild("qemu", 6, true, false, [], []),
        }.Write(qemu.Places);

        (await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel)).ShouldBeNull();
        bystander.HasExited.ShouldBeFalse();
        bystander.Kill();
    }

    [Fact]
    public async Task A_start_that_was_cut_short_leaves_no_process_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "finds processes by their arguments");
        var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        await machine.DisposeAsync();
        // As it is while a start is under way.
        (QemuState.Read(qemu.Places)! with { Process = null }).Write(qemu.Places);

        (await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel)).ShouldBeNull();
        HostProcess.Find(machine.ProcessId).ShouldBeNull();
    }

    [Fact]
    public async Task A_second_start_in_the_same_folder_is_refused_and_harms_nothing()
    {
        var spec = await qemu.EmptyMachineAsync();
        var machine = await qemu.StartAsync(spec);
        await machine.DisposeAsync();
        (await Should.ThrowAsync<MachineException>(() => qemu.StartAsync(spec))).Message.ShouldContain($"{machine.ProcessId}");
        HostProcess.Find(machine.ProcessId).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_taken_port_is_tried_around()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var ports = new Queue<int>([((IPEndPoint)taken.LocalEndPoint!).Port, LoopbackPort.Free()]);
        var free = ports.Last();
        var engine = new QemuEngine(QemuFixture.SharedPaths) { ChoosePort = ports.Dequeue };

        await using var machine = await engine.StartAsync(await qemu.EmptyMachineAsync(), SilentProgress.Instance, Cancel);
        machine.Ssh.Port.ShouldBe(free);
    }

    [Fact]
    public async Task A_QEMU_that_ends_at_once_is_quoted_and_nothing_of_it_is_left()
    {
        var spec = await qemu.EmptyMachineAsync();
        var broken = spec with { Image = spec.Image with { Kernel = "/no/such/kernel" } };
        var failure = await Should.ThrowAsync<MachineException>(() => qemu.StartAsync(broken));
        failure.Message.ShouldContain("/no/such/kernel");
        failure.Message.ShouldContain("No such file");
        HostProcess.WithArgument(qemu.Places.PidFile).ShouldBeEmpty();
        File.Exists(qemu.Places.State).ShouldBeFalse();
    }

    [Fact]
    public async Task A_cancelled_start_leaves_no_process()
    {
        var spec = await qemu.EmptyMachineAsync();
        using var cancel = new CancellationTokenSource();
        var engine = new QemuEngine(QemuFixture.SharedPaths)
        {
            // The last thing before QEMU is started.
            ChoosePort = () =>
            {
                cancel.CancelAfter(TimeSpan.FromMilliseconds(20));
                return LoopbackPort.Free();
            },
        };
        try
        {
            await using var machine = await engine.StartAsync(spec, SilentProgress.Instance, cancel.Token);
            await machine.KillAsync(Cancel);
            Assert.Skip("QEMU was up before the cancellation");
        }
        catch (OperationCanceledException)
        {
            // Its launcher's own child, caught between fork and exec, looks like it for a moment more.
            var clock = System.Diagnostics.Stopwatch.StartNew();
            while (HostProcess.WithArgument(qemu.Places.PidFile).Any())
            {
                clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
                await Task.Delay(20, Cancel);
            }
        }
    }

    [Fact]
    public async Task A_guest_that_hears_no_power_button_is_ended_after_its_grace()
    {
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        await machine.PowerOffAsync(TimeSpan.FromMilliseconds(300), Cancel);
        (await machine.Exited).ShouldBe("");
        HostProcess.Find(machine.ProcessId).ShouldBeNull();
        File.Exists(qemu.Places.EphemeralRoot).ShouldBeFalse();
    }

    [Fact]
    public async Task A_machine_that_stands_still_can_be_powered_off()
    {
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        using var stop = Process.Start("kill", ["-STOP", $"{machine.ProcessId}"]);
        await stop.WaitForExitAsync(Cancel);
        await machine.PowerOffAsync(TimeSpan.FromMilliseconds(300), Cancel);
        HostProcess.Find(machine.ProcessId).ShouldBeNull();
    }

    [Fact]
    public async Task Shares_volumes_and_identity_are_taken_whatever_their_paths_hold()
    {
        var spec = await qemu.EmptyMachineAsync();
        var project = Path.Combine(qemu.Folder, new string('p', 200));
        Directory.CreateDirectory(project);
        var volume = Path.Combine(project, "v,1.qcow2");
        await qemu.Engine.CreateDiskAsync(volume, 1L << 30, Cancel);
        var name = Path.Combine(project, "host,name");
        await File.WriteAllTextAsync(name, "shop", Cancel);
        await using var machine = await qemu.StartAsync(spec with
        {
            Shares = [new SharedFolder("project", project, ReadOnly: true)],
            Volumes = [new VolumeDisk("packages", new VolumeReference(project, "v,1"))],
            Identity = new Dictionary<string, string> { ["hostname"] = name },
        });
        var disks = await machine.Qmp.ExecuteAsync("query-named-block-nodes", null, Cancel);
        disks.EnumerateArray().Select(node => node.GetProperty("file").GetString()).ShouldContain(volume);
    }

    [Fact]
    public async Task A_runtime_folder_too_long_for_a_socket_is_said()
    {
        var spec = await qemu.EmptyMachineAsync();
        var failure = await Should.ThrowAsync<MachineException>(
            () => qemu.StartAsync(spec with { RuntimeFolder = Path.Combine(qemu.Root, new string('r', 100)) }));
        failure.Message.ShouldContain("socket");
    }
}
