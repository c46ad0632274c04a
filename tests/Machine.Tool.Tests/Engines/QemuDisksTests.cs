using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

public sealed class QemuDisksTests : IAsyncDisposable
{
    private readonly QemuFixture qemu = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => qemu.DisposeAsync();

    [Fact]
    public async Task A_new_disk_costs_next_to_nothing()
    {
        var disk = At("new, disk.qcow2");
        await qemu.Engine.CreateDiskAsync(disk, 1L << 40, Cancel);
        new FileInfo(disk).Length.ShouldBeLessThan(1 << 20);
        Directory.GetFiles(qemu.Folder).ShouldBe([disk]);
    }

    [Fact]
    public async Task A_disk_that_would_cut_off_what_it_starts_from_is_refused()
    {
        var image = At("image.raw");
        await File.WriteAllBytesAsync(image, new byte[8 << 20], Cancel);
        var qcow = At("image.qcow2");
        await qemu.Engine.CreateDiskAsync(qcow, 8L << 20, Cancel);

        foreach (var backing in (DiskFile[])[new(image, "raw"), new(qcow, "qcow2")])
        {
            var refused = await Should.ThrowAsync<MachineException>(() => qemu.Engine.CreateOverlayDiskAsync(At("o.qcow2"), backing, 4L << 20, Cancel));
            refused.Message.ShouldContain("a disk of 4MiB is smaller");
            refused.Remedy.ShouldNotBeNull().ShouldContain("disk: 8MiB");
            File.Exists(At("o.qcow2")).ShouldBeFalse();
        }
    }

    [Fact]
    public async Task A_copy_through_overlay_and_compression_has_the_same_bytes()
    {
        var bytes = new byte[3 << 20];
        new Random(7).NextBytes(bytes);
        // Only images and templates stand behind a disk.
        var image = Path.Combine(MachinePaths.CreatePrivate(QemuFixture.SharedPaths.Images), $"base: {Guid.NewGuid():N} x,y.raw");
        await File.WriteAllBytesAsync(image, bytes, Cancel);
        var overlay = At("overlay.qcow2");
        await qemu.Engine.CreateOverlayDiskAsync(overlay, new DiskFile(image, "raw"), 8L << 20, Cancel);
        new FileInfo(overlay).Length.ShouldBeLessThan(1 << 20);

        var exported = new DiskFile(At("exported.qcow2"), "qcow2");
        await qemu.Engine.CopyDiskAsync(new DiskFile(overlay, "qcow2"), exported, compress: true, Cancel);
        File.Delete(overlay);
        var back = new DiskFile(At("back.raw"), "raw");
        await qemu.Engine.CopyDiskAsync(exported, back, compress: true, Cancel);

        var read = await File.ReadAllBytesAsync(back.Path, Cancel);
        read.Length.ShouldBe(8 << 20);
        read.AsSpan(0, bytes.Length).SequenceEqual(bytes).ShouldBeTrue();
    }

    [Fact]
    public async Task A_failed_copy_says_why_and_leaves_the_old_disk()
    {
        var target = new DiskFile(At("kept.qcow2"), "qcow2");
        await File.WriteAllTextAsync(target.Path, "old", Cancel);
        var failure = await Should.ThrowAsync<MachineException>(
            () => qemu.Engine.CopyDiskAsync(new DiskFile(At("absent.raw"), "raw"), target, compress: false, Cancel));
        failure.Message.ShouldContain("absent.raw");
        (await File.ReadAllTextAsync(target.Path, Cancel)).ShouldBe("old");
        Directory.GetFiles(qemu.Folder).ShouldBe([target.Path]);
    }

    [Fact]
    public async Task A_disk_in_use_is_not_copied()
    {
        var spec = await qemu.EmptyMachineAsync();
        var volume = At("volume.qcow2");
        await qemu.Engine.CreateDiskAsync(volume, 1L << 20, Cancel);
        await using var machine = await qemu.StartAsync(spec with { Volumes = [new VolumeDisk("v", new VolumeReference(Path.GetDirectoryName(volume)!, Path.GetFileNameWithoutExtension(volume)))] });
        var failure = await Should.ThrowAsync<MachineException>(
            () => qemu.Engine.CopyDiskAsync(new DiskFile(volume, "qcow2"), new DiskFile(At("x.qcow2"), "qcow2"), compress: false, Cancel));
        failure.Remedy.ShouldNotBeNull().ShouldContain("stop");
    }

    [Fact]
    public async Task An_overlay_over_nothing_names_what_is_missing() =>
        (await Should.ThrowAsync<MachineException>(
            () => qemu.Engine.CreateOverlayDiskAsync(At("o.qcow2"), new DiskFile("/no/such/base.raw", "raw"), 1 << 20, Cancel)))
        .Message.ShouldContain("/no/such/base.raw");

    private string At(string name)
    {
        Directory.CreateDirectory(qemu.Folder);
        return Path.Combine(qemu.Folder, name);
    }
}
