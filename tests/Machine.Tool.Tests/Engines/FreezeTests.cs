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

    [Fact]
    public async Task Its_memory_is_mapped_and_not_read_and_lies_on_no_disk_once_it_goes_on()
    {
        var spec = await BootedAsync();
        string before;
        await using (var machine = await qemu.StartAsync(spec))
        {
            await UntilBootedAsync(machine);
            before = await LookAsync(machine);
            await machine.FreezeAsync(Frozen, Cancel);
        }

        var memory = FrozenState.MemoryFile(Frozen);
        new FileInfo(memory).Length.ShouldBe(spec.MemoryBytes);
        (await DiskBytesAsync(memory)).ShouldBeLessThan(spec.MemoryBytes / 2, "what it never used takes no place");
        new FileInfo(FrozenState.StateFile(Frozen)).Length.ShouldBeLessThan(4L << 20, "no memory of the guest is in there");

        await using var resumed = await qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, null) });
        (await LookAsync(resumed)).ShouldBe(before);
        File.Exists(memory).ShouldBeFalse();
        if (OperatingSystem.IsLinux())
        {
            (await File.ReadAllLinesAsync($"/proc/{resumed.ProcessId}/maps", Cancel)).ShouldContain(line => line.Contains(memory + " (deleted)", StringComparison.Ordinal));
        }

        // And once more, from memory that it wrote and memory that it mapped.
        await resumed.FreezeAsync(Frozen, Cancel);
        await using var again = await qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, null) });
        (await LookAsync(again)).ShouldBe(before);
        await again.KillAsync(Cancel);
    }

    [Fact]
    public async Task One_that_an_earlier_version_suspended_goes_on()
    {
        var spec = await BootedAsync();
        string before;
        await using (var machine = await qemu.StartAsync(spec))
        {
            await UntilBootedAsync(machine);
            before = await LookAsync(machine);
            await machine.Qmp.ExecuteAsync("stop", null, Cancel);
            Directory.CreateDirectory(Frozen);
            var bytes = await StateTransfer.SaveAsync(machine.Qmp, qemu.Places.StateSocket, FrozenState.StateFile(Frozen), memoryIsFile: false, apart: null, 1L << 30, Cancel);
            new FrozenState(FrozenState.MemoryWithin, bytes, QemuState.Read(qemu.Places)!.Build).Write(Frozen);
            await HostProcess.Find(machine.ProcessId)!.KillAsync(Cancel);
        }

        await using var resumed = await qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, null) });
        (await LookAsync(resumed)).ShouldBe(before);
        await resumed.KillAsync(Cancel);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("gone")]
    public async Task A_machine_whose_memory_is_broken_is_refused_and_leaves_no_process(string how)
    {
        var spec = await qemu.EmptyMachineAsync();
        await using (var machine = await qemu.StartAsync(spec))
        {
            await machine.FreezeAsync(Frozen, Cancel);
        }

        var memory = FrozenState.MemoryFile(Frozen);
        if (how == "gone")
        {
            File.Delete(memory);
        }
        else
        {
            using var file = new FileStream(memory, FileMode.Open);
            file.SetLength(spec.MemoryBytes - 4096);
        }

        (await Should.ThrowAsync<CannotThawException>(() => qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, null) }))).Message.ShouldContain("memory is missing or cut off");
        HostProcess.WithArgument(qemu.Places.PidFile).ShouldBeEmpty();
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

    // A boot sector that marks its place in memory and waits.
    private Task<MachineSpec> BootedAsync()
    {
        var sector = new byte[1 << 20];
        new byte[] { 0xeb, 0xfe, 0xde, 0xad, 0xbe, 0xef }.CopyTo(sector, 0);
        (sector[510], sector[511]) = (0x55, 0xaa);
        return qemu.EmptyMachineAsync(sector);
    }

    private async Task UntilBootedAsync(QemuMachine machine)
    {
        for (var tries = 0; !(await LookAsync(machine)).StartsWith("EBFEDEADBEEF", StringComparison.Ordinal); tries++)
        {
            tries.ShouldBeLessThan(600, "its boot sector is in its memory");
            await Task.Delay(100, Cancel);
        }
    }

    // The first words of the boot sector, where the firmware puts it.
    private async Task<string> LookAsync(QemuMachine machine)
    {
        // The one folder that QEMU makes files in.
        var file = Path.Combine(qemu.Places.Sockets, "seen");
        await machine.Qmp.ExecuteAsync("pmemsave", new { val = 0x7c00, size = 512, filename = file }, Cancel);
        return Convert.ToHexString(await File.ReadAllBytesAsync(file, Cancel));
    }

    private static async Task<long> DiskBytesAsync(string file) =>
        long.Parse((await HostProgram.RunAsync("stat", ["-c", "%b", file], Cancel)).Trim()) * 512;

    private static async Task<string> HashAsync(string file)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexString(await SHA256.HashDataAsync(stream, Cancel));
    }
}
