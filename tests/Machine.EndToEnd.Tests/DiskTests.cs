using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>What a guest writes costs no more of the host's disk than the Machinefile allows, and what it deletes comes back.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class DiskTests
{
    private const long Mebibyte = 1 << 20;

    [Fact]
    public async Task A_volume_takes_no_more_than_its_size_and_gives_back_what_is_deleted()
    {
        await using var project = new ProjectFolder("disks", "volumes: { small: { guest: /small, size: 128MiB } }\n");
        (await project.ExecAsync("true")).ShouldSucceed();
        var empty = await TakesAsync(project);

        var full = await project.RootAsync("dd if=/dev/urandom of=/small/much bs=1M count=300; sync");

        full.Error.ShouldContain("No space left on device");
        var taken = await TakesAsync(project);
        taken.ShouldBeInRange(90 * Mebibyte, 130 * Mebibyte);
        (await project.RootAsync("rm /small/much; sync /small; fstrim /small; sync")).ShouldSucceed();
        (await TakesAsync(project)).ShouldBeLessThan(empty + (8 * Mebibyte));
    }

    [Fact]
    public async Task The_machines_own_disk_is_as_large_as_the_Machinefile_says()
    {
        await using var project = new ProjectFolder("disks", "disk: 21GiB\n");

        // Never thawed from the shared template: that one has another disk.
        var sizes = (await project.ExecAsync("lsblk", "-bndo", "SERIAL,SIZE")).ShouldSucceed().Output;

        sizes.ShouldContain($" {21L << 30}\n");
    }

    private static async Task<long> TakesAsync(ProjectFolder project) =>
        JsonDocument.Parse((await project.RunAsync("volume", "list", "--json")).ShouldSucceed().Output).RootElement.EnumerateArray()
            .Single(volume => volume.GetProperty("name").GetString() == "small").GetProperty("bytes").GetInt64();
}
