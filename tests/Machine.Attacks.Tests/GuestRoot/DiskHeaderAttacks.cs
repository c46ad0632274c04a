using Machine.Attacks.Tests.ImportedFile;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Confinement;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;
using Machine.Tool.Tests.Engines;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// A guest that took its emulator over writes its own disks' headers: that another file of the host is their beginning, which the next
/// start or copy would read for it.
/// </summary>
public sealed class DiskHeaderAttacks : IAsyncDisposable
{
    private const string Secret = "SECRET-OF-THE-HOST";

    private readonly QemuFixture qemu = new();
    private readonly string key;

    public DiskHeaderAttacks()
    {
        Directory.CreateDirectory(qemu.Folder);
        key = Path.Combine(qemu.Root, "key");
        File.WriteAllText(key, Secret.PadRight(1 << 20));
        File.WriteAllText(Own("other.raw"), Secret.PadRight(1 << 20));
        Directory.CreateDirectory(QemuFixture.SharedPaths.Images);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Frozen => Path.Combine(qemu.Root, "frozen");

    public static TheoryData<string> Headers =>
        ["absolute", "climbing", "below the images", "relative", "json", "network", "file", "own volume", "nothing", "after a null", "data file", "data file and backing", "endless", "itself"];

    public ValueTask DisposeAsync() => qemu.DisposeAsync();

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task A_volume_that_names_another_file_is_not_started_with(string header)
    {
        var spec = await qemu.EmptyMachineAsync();
        await WriteAsync(Own("volume.qcow2"), header);
        var volume = new VolumeReference(Path.GetDirectoryName(Own("volume.qcow2"))!, "volume");

        var refused = await Should.ThrowAsync<MachineException>(() => qemu.StartAsync(spec with { Volumes = [new VolumeDisk("v", volume)] }));

        Check(refused);
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task A_volume_that_names_another_file_is_not_copied(string header)
    {
        var volume = await WriteAsync(Own("volume.qcow2"), header);
        var target = new DiskFile(Own("exported.raw"), "raw");

        var refused = await Should.ThrowAsync<MachineException>(async () => await qemu.Engine.CopyDiskAsync(new DiskFile(volume, "qcow2"), target, compress: false, Cancel));

        Check(refused);
        File.Exists(target.Path).ShouldBeFalse();
    }

    [Theory]
    [InlineData("absolute")]
    [InlineData("own volume")]
    [InlineData("data file")]
    public async Task A_suspended_machine_whose_disk_names_another_file_is_not_resumed(string header)
    {
        var spec = await qemu.EmptyMachineAsync();
        await using (var machine = await qemu.StartAsync(spec))
        {
            await machine.FreezeAsync(Frozen, Cancel);
        }

        await WriteAsync(qemu.Places.EphemeralRoot, header);

        Check(await Should.ThrowAsync<MachineException>(() => qemu.StartAsync(spec with { Thaw = new FrozenMachine(Frozen, null) })));
    }

    [Fact]
    public async Task A_file_that_a_disk_names_is_not_read_even_where_nobody_looked()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Landlock.Version > 0, "the kernel here has no Landlock");
        var disk = Own("disk.qcow2");
        var target = new DiskFile(Own("copy.raw"), "raw");
        await HostProgram.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", key, "-F", "raw", disk], Cancel);
        await HostProgram.RunAsync("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", disk, target.Path], Cancel);
        (await File.ReadAllTextAsync(target.Path, Cancel)).ShouldContain(Secret, customMessage: "qemu-img would");
        File.Delete(target.Path);

        var refused = await Should.ThrowAsync<MachineException>(() => QemuDisks.CopyAsync(new DiskFile(disk, "qcow2"), [disk], target, compress: false, Cancel));

        refused.Message.ShouldContain("Permission denied");
        Directory.EnumerateFiles(qemu.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal).ShouldBe(["disk.qcow2", "other.raw"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_state_without_an_end_fills_no_disk_and_the_machine_goes_on(bool apart)
    {
        await using var machine = await qemu.StartAsync(await qemu.EmptyMachineAsync());
        await machine.Qmp.ExecuteAsync("stop", null, Cancel);
        var file = Own("state");
        const long Most = 100_000;

        var refused = await Should.ThrowAsync<MachineException>(() => StateTransfer.SaveAsync(
            machine.Qmp, qemu.Places.StateSocket, file, memoryIsFile: false, apart ? (Own("memory"), QemuState.Read(qemu.Places)!.MemoryBytes) : null, Most, Cancel));

        refused.Message.ShouldContain("more state than its machine can have");
        new FileInfo(file).Length.ShouldBeLessThanOrEqualTo(Most);
        await machine.Qmp.ExecuteAsync("cont", null, Cancel);
        (await machine.StatusAsync(Cancel)).ShouldBe("running");
        await machine.KillAsync(Cancel);
    }

    private void Check(MachineException refused)
    {
        refused.Message.ShouldContain("it has no business with");
        refused.Message.ShouldNotContain("\0");
        HostProcess.WithArgument(qemu.Places.PidFile).ShouldBeEmpty("nothing runs");
        Directory.EnumerateFiles(qemu.Folder, "*.tmp*").ShouldBeEmpty();
    }

    private string Own(string name) => Path.Combine(qemu.Folder, name);

    private async Task<string> WriteAsync(string disk, string header)
    {
        var qcow = new HostileQcow();
        qcow = header switch
        {
            "absolute" => qcow.Backing(key),
            "climbing" => qcow.Backing(Path.Combine(QemuFixture.SharedPaths.Images, "..", "..", Path.GetFileName(qemu.Root), "key")),
            "below the images" => qcow.Backing(Path.Combine(QemuFixture.SharedPaths.Images, "no-such-image")),
            "relative" => qcow.Backing("other.raw"),
            "json" => qcow.Backing($"json:{{\"driver\":\"raw\",\"file\":{{\"driver\":\"file\",\"filename\":\"{key}\"}}}}"),
            "network" => qcow.Backing("nbd://127.0.0.1:10809/x"),
            "file" => qcow.Backing($"file:{key}"),
            // Its format is the disk's word too: one that names further files.
            "own volume" => qcow.Extension(104, 0xE2792ACA, "vmdk").Backing(Link(Own("other.raw"))),
            "nothing" => qcow.Backing("/no/such/file"),
            "after a null" => qcow.Backing(key + "\0" + QemuFixture.SharedPaths.Images),
            "data file" => qcow.Long(72, 1 << 2).Extension(104, 0x44415441, key),
            "data file and backing" => qcow.Long(72, 1 << 2).Backing(key),
            "endless" => qcow.Backing(new string('x', 4096)),
            _ => qcow.Backing(Link(disk)),
        };
        await File.WriteAllBytesAsync(disk, qcow.ToArray(), Cancel);
        return disk;
    }

    // The folder's own name is in no ASCII, which these headers are written in.
    private string Link(string target)
    {
        var link = Path.Combine(qemu.Root, "own");
        File.CreateSymbolicLink(link, target);
        return link;
    }
}
