using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Cloud;
using Machine.Tool.Machines;

namespace Machine.Attacks.Tests.ImportedFile;

/// <summary>A disk from somebody else names files of this host. The canary is a key whose words would be on the guest's disk.</summary>
public sealed class DiskAttacks : IDisposable
{
    private const string Secret = "-----BEGIN OPENSSH PRIVATE KEY----- SECRET-OF-THE-HOST";

    private readonly TestFolder folder = new();
    private readonly string key;

    public DiskAttacks()
    {
        key = folder["id_ed25519"];
        File.WriteAllText(key, Secret + new string(' ', 2048));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Variants =>
    [
        "backing v2", "backing v3", "backing by json", "backing over the network", "length of a backing name alone", "backing format by extension", "backing format by extension of v2",
        "data file by feature", "data file by extension", "data file by extension behind a harmless one", "encrypted (aes)", "encrypted (luks)", "key by extension", "unknown feature",
        "corrupt by feature", "unknown extension", "version 4", "version 1", "header without an end", "sixteen exbibytes", "negative size", "no size", "vmdk", "vdi", "vhdx", "qed", "luks", "a link to the key",
    ];

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task A_volume_that_is_imported_reads_no_file_of_the_host(string variant)
    {
        var paths = MachinePaths.At(folder["home"]);
        var machine = new ProjectMachine(paths, Project()).Create();
        var disk = Disk(variant);

        await Should.ThrowAsync<MachineException>(
            () => QemuVolumes.ImportAsync(new VolumeReference(machine.Volumes, "db"), disk, (_, _) => throw new InvalidOperationException("it was used"), Cancel));
        await Should.ThrowAsync<MachineException>(() => new VolumeStore(machine, new QemuEngine(paths)).ImportAsync("db", disk, Cancel));

        Directory.EnumerateFileSystemEntries(machine.Volumes).ShouldBeEmpty("nothing of it is left, not even under another name");
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task A_cloud_disk_reads_no_file_of_the_host(string variant)
    {
        var disk = Disk(variant);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(disk)));

        await Should.ThrowAsync<MachineException>(() => CloudDisk.FetchAsync(disk, sha256, folder.Folder("build"), SilentProgress.Instance, Cancel));
    }

    [Fact]
    public async Task The_disks_that_are_refused_do_read_the_key_where_they_are_not()
    {
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null, "qemu-img is not installed");
        await HostProgram.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", key, "-F", "raw", folder["evil"], "1M"], Cancel);
        await HostProgram.RunAsync("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", folder["evil"], folder["seen"]], Cancel);
        File.ReadAllText(folder["seen"]).ShouldContain("SECRET-OF-THE-HOST", customMessage: "the canary is one");

        await Should.ThrowAsync<MachineException>(() => ForeignDisk.RequireStandAloneAsync(new DiskFile(folder["evil"], "qcow2"), "", Cancel));
    }

    [Fact]
    public async Task A_disk_of_an_unknown_format_is_not_used()
    {
        File.WriteAllBytes(folder["disk"], new byte[4096]);
        foreach (var format in new[] { "vmdk", "vdi", "vhdx", "luks", "", "RAW", "json:" })
        {
            await Should.ThrowAsync<MachineException>(() => ForeignDisk.RequireStandAloneAsync(new DiskFile(folder["disk"], format), "", Cancel));
        }
    }

    [Fact]
    public async Task A_disk_that_stands_alone_is_taken_whoever_writes_the_original_meanwhile()
    {
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null, "qemu-img is not installed");
        var paths = MachinePaths.At(folder["home"]);
        var machine = new ProjectMachine(paths, Project()).Create();
        await HostProgram.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", folder["good"], "1M"], Cancel);
        await new VolumeStore(machine, new QemuEngine(paths)).ImportAsync("db", folder["good"], Cancel);
        DiskFile? read = null;
        await QemuVolumes.ImportAsync(new VolumeReference(machine.Volumes, "second"), folder["good"], async (source, target) =>
        {
            read = source;
            // By now the file that the user named is another one.
            File.WriteAllBytes(folder["good"], new HostileQcow().Backing(key).ToArray());
            await ForeignDisk.RequireStandAloneAsync(source, "", Cancel);
            File.Copy(source.Path, target.Path);
        }, Cancel);

        read!.Path.ShouldNotBe(folder["good"]);
        Directory.EnumerateFiles(machine.Volumes).Select(Path.GetFileName).ShouldBe(["db.qcow2", "second.qcow2"], ignoreOrder: true);
    }

    // A guest is root on its own disk, and writes whatever header it likes to its beginning.
    [Theory]
    [InlineData("qcow2")]
    [InlineData("vmdk")]
    [InlineData("luks")]
    public async Task A_raw_disk_on_which_a_guest_wrote_a_header_is_a_raw_disk(string header)
    {
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null, "qemu-img is not installed");
        var content = header switch
        {
            "qcow2" => new HostileQcow().Backing(key).ToArray(),
            "vmdk" => Encoding.ASCII.GetBytes($"# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 4 FLAT \"{key}\" 0\n".PadRight(1 << 16)),
            _ => [.. "LUKS\xba\xbe\0\x1"u8.ToArray(), .. new byte[1 << 16]],
        };
        Array.Resize(ref content, 1 << 20);
        File.WriteAllBytes(folder["root.raw"], content);
        var raw = new DiskFile(folder["root.raw"], "raw");

        // As a machine stands on an image, and as an image is made of a layer's disk.
        await QemuDisks.CreateOverlayAsync(folder["root.qcow2"], raw, [raw.Path], 1 << 20, Cancel);
        await QemuDisks.CopyAsync(new DiskFile(folder["root.qcow2"], "qcow2"), [folder["root.qcow2"], raw.Path], new DiskFile(folder["next.raw"], "raw"), compress: false, Cancel);
        await QemuDisks.CopyAsync(raw, [raw.Path], new DiskFile(folder["copy.qcow2"], "qcow2"), compress: true, Cancel);
        await QemuDisks.CopyAsync(new DiskFile(folder["copy.qcow2"], "qcow2"), [folder["copy.qcow2"]], new DiskFile(folder["copy.raw"], "raw"), compress: false, Cancel);

        File.ReadAllBytes(folder["next.raw"]).ShouldBe(content);
        File.ReadAllBytes(folder["copy.raw"]).ShouldBe(content);
        File.ReadAllText(folder["next.raw"]).ShouldNotContain("SECRET-OF-THE-HOST");
    }

    private ProjectRoot Project()
    {
        Directory.CreateDirectory(folder["project"]);
        File.WriteAllText(folder["project/Machinefile"], "");
        return new ProjectRoot(ProjectRoot.RealPath(folder["project"]));
    }

    private string Disk(string variant)
    {
        var file = folder["disk"];
        var qcow = new HostileQcow();
        byte[] bytes = variant switch
        {
            "backing v2" => new HostileQcow(2).Backing(key).ToArray(),
            "backing v3" => qcow.Backing(key).ToArray(),
            "backing by json" => qcow.Backing($"json:{{\"driver\":\"raw\",\"file\":{{\"driver\":\"file\",\"filename\":\"{key}\"}}}}").ToArray(),
            "backing over the network" => qcow.Backing("nbd://127.0.0.1:10809/x").ToArray(),
            "length of a backing name alone" => qcow.Word(16, 8).ToArray(),
            "backing format by extension" => qcow.Extension(104, 0xE2792ACA, "raw").ToArray(),
            "backing format by extension of v2" => new HostileQcow(2).Extension(72, 0xE2792ACA, "raw").ToArray(),
            "data file by feature" => qcow.Long(72, 1 << 2).ToArray(),
            "data file by extension" => qcow.Extension(104, 0x44415441, key).ToArray(),
            "data file by extension behind a harmless one" => qcow.Extension(104, 0x6803F857, new string('x', 48)).Extension(160, 0x44415441, key).ToArray(),
            "encrypted (aes)" => qcow.Word(32, 1).ToArray(),
            "encrypted (luks)" => qcow.Word(32, 2).ToArray(),
            "key by extension" => qcow.Extension(104, 0x0537BE77, new string('k', 16)).ToArray(),
            "unknown feature" => qcow.Long(72, 1UL << 40).ToArray(),
            "corrupt by feature" => qcow.Long(72, 1 << 1).ToArray(),
            "unknown extension" => qcow.Extension(104, 0xDEADBEEF, "x").ToArray(),
            "version 4" => qcow.Word(4, 4).ToArray(),
            "version 1" => new HostileQcow(1).ToArray(),
            "header without an end" => qcow.Word(100, 0xFFFFFFF0).ToArray(),
            "sixteen exbibytes" => qcow.Long(24, long.MaxValue).ToArray(),
            "negative size" => qcow.Long(24, ulong.MaxValue).ToArray(),
            "no size" => qcow.Long(24, 0).ToArray(),
            "vmdk" => [.. "KDMV"u8, .. new byte[4096]],
            "vdi" => [.. "<<< Oracle VM VirtualBox Disk Image >>>\n"u8, .. new byte[4096]],
            "vhdx" => [.. "vhdxfile"u8, .. new byte[4096]],
            "qed" => [.. "QED\0"u8, .. new byte[4096]],
            "luks" => [.. "LUKS\xba\xbe"u8, .. new byte[4096]],
            _ => [],
        };
        if (variant == "a link to the key")
        {
            File.CreateSymbolicLink(file, key);
            return file;
        }

        File.WriteAllBytes(file, bytes);
        return file;
    }
}
