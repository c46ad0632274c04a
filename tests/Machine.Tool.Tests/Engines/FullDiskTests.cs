using System.Diagnostics;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

/// <summary>A guest writes until the host's disk is full; the disk is a small one, mounted for the test.</summary>
public sealed class FullDiskTests : IAsyncDisposable
{
    // Boot sector: INT 13h/43h, 64 sectors of the BIOS' own bytes at a time, up to sector 0x10000 (32 MiB); then it sleeps.
    private const string WritesForEver = "fa31c08ed88ed0bc007cfbbe297cb80043b280cd13668306317c4066813e317c0000010072e5f4ebfd10004000000000f040";

    private readonly QemuFixture qemu = new();
    private string? mounted;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in HostProcess.WithArgument(qemu.Places.PidFile))
        {
            await process.KillAsync(CancellationToken.None);
        }

        if (mounted is not null)
        {
            await RunAsync("umount", "-l", mounted);
        }

        await qemu.DisposeAsync();
    }

    [Fact]
    public async Task A_full_disk_is_told_and_the_machine_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "mounts a small file system");
        var spec = await WritingMachineAsync();
        await using var machine = await qemu.StartAsync(spec);
        await QemuFixture.UntilAsync(() => machine.Trouble is not null, "the disk to be full");
        machine.Trouble.ShouldNotBeNull().ShouldContain("full");
        (await machine.StatusAsync(TestContext.Current.CancellationToken)).ShouldBe("io-error");

        (await RunAsync("mount", "-o", "remount,size=300m", qemu.Folder)).ShouldBe(0);
        await QemuFixture.UntilAsync(() => new FileInfo(qemu.Places.EphemeralRoot).Length > 30 << 20, "the rest to be written");
        machine.Trouble.ShouldBeNull();
        (await machine.StatusAsync(TestContext.Current.CancellationToken)).ShouldBe("running");
    }

    [Fact]
    public async Task One_that_was_adopted_while_it_stood_still_goes_on_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "mounts a small file system");
        var spec = await WritingMachineAsync();
        await using (var machine = await qemu.StartAsync(spec))
        {
            await QemuFixture.UntilAsync(() => machine.Trouble is not null, "the disk to be full");
        }

        await using var adopted = (QemuMachine)(await qemu.Engine.AdoptAsync(qemu.Folder, qemu.Runtime, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        adopted.Trouble.ShouldNotBeNull().ShouldContain("full");

        (await RunAsync("mount", "-o", "remount,size=300m", qemu.Folder)).ShouldBe(0);
        await QemuFixture.UntilAsync(() => new FileInfo(qemu.Places.EphemeralRoot).Length > 30 << 20, "the rest to be written");
        adopted.Trouble.ShouldBeNull();
    }

    private async Task<MachineSpec> WritingMachineAsync()
    {
        var sector = new byte[64 << 20];
        Convert.FromHexString(WritesForEver).CopyTo(sector, 0);
        (sector[510], sector[511]) = (0x55, 0xaa);
        var spec = await qemu.EmptyMachineAsync(sector);
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", qemu.Folder) == 0, "tmpfs cannot be mounted here");
        mounted = qemu.Folder;
        return spec;
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
