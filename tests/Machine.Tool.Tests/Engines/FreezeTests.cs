using System.Security.Cryptography;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Templates;

namespace Machine.Tool.Tests.Engines;

/// <summary>Freezing and thawing real QEMU processes; what runs in them is a firmware that finds nothing to boot.</summary>
public sealed class FreezeTests : IAsyncDisposable
{
    private readonly QemuFixture qemu = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Frozen => Path.Combine(qemu.Root, "frozen, 1");

    private string Memory => Path.Combine(qemu.Root, "memory, 1");

    public ValueTask DisposeAsync() => qemu.DisposeAsync();

    [Fact]
    public async Task Many_machines_thaw_from_one_memory_and_none_writes_it()
    {
        var spec = await qemu.EmptyMachineAsync();
        await using (var template = await qemu.StartAsync(spec with { MemoryFile = Memory }))
        {
            // On a busy host the firmware may not have run one instruction yet.
            await QemuFixture.UntilAsync(() => File.ReadAllBytes(Memory).AsSpan().ContainsAnyExcept((byte)0), "something in its memory");
            await template.FreezeAsync(Frozen, Cancel);
            (await template.Exited).ShouldBe("");
        }

        var before = await HashAsync(Memory);
        var looked = TemplateFile.Of(Memory);
        foreach (var number in Enumerable.Range(1, 2))
        {
            var folder = Path.Combine(qemu.Root, $"machine{number}");
            var runtime = Path.Combine(qemu.Root, $"r{number}");
            await using var machine = await qemu.StartAsync(
                spec with { Folder = folder, RuntimeFolder = runtime, Thaw = new FrozenMachine(Frozen, Memory), Volumes = [await VolumeAsync(folder)] });
            (await machine.StatusAsync(Cancel)).ShouldBe("running");
            await machine.KillAsync(Cancel);
        }

        (await HashAsync(Memory)).ShouldBe(before);
        TemplateFile.Of(Memory).ShouldBe(looked, "it is still the template that it was");
    }

    [Fact]
    public async Task A_template_and_what_thaws_from_it_have_no_balloon()
    {
        // A guest that inflates one would cut holes into the memory that others thaw from.
        var spec = await qemu.EmptyMachineAsync();
        await using (var template = await qemu.StartAsync(spec with { MemoryFile = Memory }))
        {
            (await HasBalloonAsync(template)).ShouldBeFalse();
            await template.FreezeAsync(Frozen, Cancel);
        }

        await using (var thawed = await qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, Memory) }))
        {
            (await HasBalloonAsync(thawed)).ShouldBeFalse();
            await thawed.KillAsync(Cancel);
        }

        await using var booted = await qemu.StartAsync(spec);
        (await HasBalloonAsync(booted)).ShouldBeTrue();
        await booted.KillAsync(Cancel);

        static async Task<bool> HasBalloonAsync(QemuMachine machine) =>
            (await machine.Qmp.ExecuteAsync("qom-list", new { path = "/machine/peripheral-anon" }, Cancel)).EnumerateArray()
                .Any(item => item.GetProperty("type").GetString()!.Contains("balloon", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_suspended_machine_goes_on_once_and_only_once()
    {
        var spec = await qemu.EmptyMachineAsync();
        spec = spec with { Volumes = [await VolumeAsync(qemu.Folder)] };
        await using (var machine = await qemu.StartAsync(spec))
        {
            await machine.FreezeAsync(Frozen, Cancel);
        }

        File.Exists(qemu.Places.EphemeralRoot).ShouldBeTrue();
        var thaw = spec with { Thaw = new FrozenMachine(Frozen, null) };
        await using (var machine = await qemu.StartAsync(thaw))
        {
            (await machine.StatusAsync(Cancel)).ShouldBe("running");
            await machine.KillAsync(Cancel);
        }

        // Its disks have gone on: the old memory must not meet them again.
        await Should.ThrowAsync<CannotThawException>(() => qemu.StartAsync(thaw));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_whose_supervisor_died_before_its_first_step_goes_on_or_is_thawed_again(bool loaded)
    {
        var spec = await qemu.EmptyMachineAsync();
        int process;
        await using (var machine = await qemu.StartAsync(spec))
        {
            process = machine.ProcessId;
            await machine.Qmp.ExecuteAsync("stop", null, Cancel);
        }

        Directory.CreateDirectory(Frozen);
        if (!loaded)
        {
            // What it was being loaded from is there still.
            await File.WriteAllTextAsync(FrozenState.Description(Frozen), "{}", Cancel);
        }

        (QemuState.Read(qemu.Places)! with { ThawingFrom = Frozen }).Write(qemu.Places);
        await using var adopted = (QemuMachine?)await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel);

        if (loaded)
        {
            (await adopted.ShouldNotBeNull().StatusAsync(Cancel)).ShouldBe("running");
            QemuState.Read(qemu.Places)!.ThawingFrom.ShouldBeNull();
            await adopted.KillAsync(Cancel);
        }
        else
        {
            adopted.ShouldBeNull();
            HostProcess.Find(process).ShouldBeNull();
            FrozenState.IsWhole(Frozen).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("gone")]
    [InlineData("garbage")]
    [InlineData("description")]
    public async Task A_broken_state_is_refused_and_leaves_no_process(string how)
    {
        var spec = await qemu.EmptyMachineAsync();
        await using (var template = await qemu.StartAsync(spec with { MemoryFile = Memory }))
        {
            await template.FreezeAsync(Frozen, Cancel);
        }

        var state = FrozenState.StateFile(Frozen);
        var bytes = await File.ReadAllBytesAsync(state, Cancel);
        switch (how)
        {
            case "cut":
                await File.WriteAllBytesAsync(state, bytes[..^100], Cancel);
                break;
            case "gone":
                File.Delete(state);
                break;
            case "garbage":
                await File.WriteAllBytesAsync(state, RandomNumberGenerator.GetBytes(bytes.Length), Cancel);
                break;
            default:
                await File.WriteAllTextAsync(FrozenState.Description(Frozen), "{", Cancel);
                break;
        }

        await Should.ThrowAsync<CannotThawException>(() => qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, Memory) }));
        HostProcess.WithArgument(qemu.Places.PidFile).ShouldBeEmpty();
    }

    [Fact]
    public async Task Other_devices_than_were_frozen_are_refused()
    {
        var spec = await qemu.EmptyMachineAsync();
        await using (var template = await qemu.StartAsync(spec with { MemoryFile = Memory }))
        {
            await template.FreezeAsync(Frozen, Cancel);
        }

        await Should.ThrowAsync<CannotThawException>(() => qemu.StartAsync(spec with { Slots = spec.Slots + 1, Thaw = new FrozenMachine(Frozen, Memory) }));
    }

    [Fact]
    public async Task A_freeze_that_fails_lets_the_machine_run_on()
    {
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        // A disk that is full.
        Directory.CreateDirectory(Frozen);
        File.CreateSymbolicLink(FrozenState.StateFile(Frozen), "/dev/full");
        await Should.ThrowAsync<MachineException>(() => machine.FreezeAsync(Frozen, Cancel));
        (await machine.StatusAsync(Cancel)).ShouldBe("running");
        FrozenState.IsWhole(Frozen).ShouldBeFalse();

        // And it can be frozen once the reason is gone.
        await machine.FreezeAsync(Frozen, Cancel);
        FrozenState.IsWhole(Frozen).ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_freeze_whose_supervisor_died_was_done_or_was_not(bool whole)
    {
        var spec = await qemu.EmptyMachineAsync();
        await using (var machine = await qemu.StartAsync(spec))
        {
            await QemuFreeze.RunAsync(machine, qemu.Places, QemuState.Read(qemu.Places)!, Frozen, Cancel);
            if (!whole)
            {
                File.Delete(FrozenState.Description(Frozen));
            }
        }

        await using var found = (QemuMachine?)await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, Cancel);
        if (whole)
        {
            found.ShouldBeNull();
            HostProcess.WithArgument(qemu.Places.PidFile).ShouldBeEmpty();
            await using var resumed = await qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, null) });
            (await resumed.StatusAsync(Cancel)).ShouldBe("running");
            await resumed.KillAsync(Cancel);
        }
        else
        {
            (await found!.StatusAsync(Cancel)).ShouldBe("running");
            await found.KillAsync(Cancel);
        }
    }

    private async Task<VolumeDisk> VolumeAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var volume = new VolumeReference(folder, "volume");
        await qemu.Engine.CreateAsync(volume, 1 << 20, Cancel);
        return new VolumeDisk("packages", volume);
    }

    private static async Task<string> HashAsync(string file)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexString(await SHA256.HashDataAsync(stream, Cancel));
    }
}
