using System.Text.Json;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;

namespace Machine.Tool.Tests.Engines;

public sealed class QemuArgumentsTests
{
    private static readonly MachineSpec Spec = new()
    {
        Id = "shop-1a2b3c4d",
        Folder = "/state",
        RuntimeFolder = "/run/m",
        Image = new BootImage("/images/vmlinuz", "/images/initrd", new DiskFile("/images/root.raw", "raw"), "systemd.unit=x"),
        Cpus = 3,
        MemoryBytes = 2L << 30,
        DiskBytes = 20L << 30,
        Shares = [new SharedFolder("project", "/home/me/a, b,c", ReadOnly: true), new SharedFolder("data", "/data", ReadOnly: false)],
        Volumes = [new VolumeDisk("packages", new VolumeReference("/state", "v \"1\",é")), new VolumeDisk("db", new VolumeReference("/state", "db"), ReadOnly: true)],
        Identity = new Dictionary<string, string> { ["hostname"] = "/state/id/host,name" },
    };

    private static readonly QemuLaunch Launch = new()
    {
        Architecture = "x86_64",
        Accelerator = new Accelerator("tcg", "max"),
        Uuid = Guid.Parse("11111111-2222-3333-4444-555555555555"),
        SshPort = 40022,
        Root = new DiskFile("/state/root, 1.qcow2", "qcow2"),
        RootIsEphemeral = true,
        QmpSocket = "/run/m,1/qmp.sock",
        ConsoleSocket = "/run/m,1/console.sock",
        PidFile = "/state/qemu.pid",
        Sandbox = true,
    };

    [Fact]
    public void The_guest_reaches_no_network_and_only_its_sshd_is_reached_from_loopback() =>
        After(Build(), "-netdev").ShouldBe(["user,id=net,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:40022-:22"]);

    [Fact]
    public void A_share_is_read_only_at_the_hosts_end_unless_asked_otherwise()
    {
        var shares = After(Build(), "-fsdev");
        shares[0].ShouldBe("local,id=share0,path=/home/me/a,, b,,c,security_model=none,multidevs=remap,readonly=on");
        shares[1].ShouldBe("local,id=share1,path=/data,security_model=mapped-xattr,multidevs=remap,readonly=off");
        After(Build(), "-device").ShouldContain("virtio-9p-pci,id=share0-device,bus=port0,fsdev=share0,mount_tag=project");
    }

    [Fact]
    public void A_kernel_gets_the_engines_root_and_console_first_and_the_images_arguments_after()
    {
        var arguments = Build();
        After(arguments, "-kernel").ShouldBe(["/images/vmlinuz"]);
        After(arguments, "-initrd").ShouldBe(["/images/initrd"]);
        After(arguments, "-append").ShouldBe(["root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.unit=x norandmaps"]);
    }

    [Fact]
    public void Only_an_emulated_kernel_does_not_randomise_addresses() =>
        After(QemuArguments.Build(Spec, Launch with { Accelerator = new Accelerator("kvm", "host") }), "-append").Single().ShouldEndWith("systemd.unit=x");

    [Fact]
    public void A_disk_without_a_kernel_boots_by_itself()
    {
        var arguments = QemuArguments.Build(Spec with { Image = new BootImage(null, null, new DiskFile("/i.qcow2", "qcow2")) }, Launch);
        arguments.ShouldNotContain("-kernel");
        arguments.ShouldNotContain("-append");
        After(arguments, "-device").ShouldContain("virtio-blk-pci,id=root-device,drive=root,bootindex=0");
    }

    [Fact]
    public void The_root_disk_is_the_first_disk_device_as_the_kernel_counts_them() =>
        After(Build(), "-device").First(device => device.StartsWith("virtio-blk", StringComparison.Ordinal)).ShouldContain("drive=root");

    [Fact]
    public void Disks_are_described_in_JSON_so_that_no_file_name_needs_escaping()
    {
        var disks = After(Build(), "-blockdev").Select(text => JsonDocument.Parse(text).RootElement).ToList();
        disks.Select(disk => disk.GetProperty("file").GetProperty("filename").GetString())
            .ShouldBe(["/state/root, 1.qcow2", "/state/v \"1\",é.qcow2", "/state/db.qcow2"]);
        disks.Select(disk => disk.GetProperty("read-only").GetBoolean()).ShouldBe([false, false, true]);
        disks.ShouldAllBe(disk => disk.GetProperty("discard").GetString() == "unmap" && disk.GetProperty("detect-zeroes").GetString() == "unmap");
    }

    [Fact]
    public void Only_the_ephemeral_root_skips_flushes()
    {
        NoFlush(Launch).ShouldBe([true, false, false]);
        NoFlush(Launch with { RootIsEphemeral = false }).ShouldBe([false, false, false]);

        static IEnumerable<bool> NoFlush(QemuLaunch launch) => After(QemuArguments.Build(Spec, launch), "-blockdev")
            .Select(text => JsonDocument.Parse(text).RootElement.GetProperty("cache").GetProperty("no-flush").GetBoolean());
    }

    [Fact]
    public void Volumes_are_found_by_their_serial() =>
        After(Build(), "-device").ShouldContain($"virtio-blk-pci,id=volume0-device,bus=port{Spec.Shares.Count},drive=volume0,serial=packages");

    [Fact]
    public void Identity_files_and_sockets_may_have_commas_in_their_paths()
    {
        After(Build(), "-fw_cfg").ShouldBe(["name=opt/machine/hostname,file=/state/id/host,,name"]);
        After(Build(), "-chardev").ShouldContain("socket,id=qmp,path=/run/m,,1/qmp.sock,server=on,wait=off");
    }

    [Fact]
    public void Hot_plug_finds_empty_ports() =>
        After(Build(), "-device").Count(device => device.StartsWith("pcie-root-port", StringComparison.Ordinal)).ShouldBeGreaterThanOrEqualTo(2);

    [Fact]
    public void Memory_is_a_named_backend_of_the_whole_size()
    {
        After(Build(), "-object").ShouldContain("memory-backend-ram,id=mem,size=2147483648");
        After(Build(), "-machine").Single().ShouldContain("memory-backend=mem");
        After(Build(), "-m").ShouldBe(["size=2097152k"]);
    }

    [Fact]
    public void The_system_call_filter_is_on_where_the_host_has_one()
    {
        After(Build(), "-sandbox").Single().ShouldContain("spawn=deny");
        QemuArguments.Build(Spec, Launch with { Sandbox = false }).ShouldNotContain("-sandbox");
    }

    [Theory]
    [InlineData("kvm", "kvm")]
    [InlineData("hvf", "hvf")]
    [InlineData("whpx", "whpx,kernel-irqchip=off")]
    public void Accelerators_are_named_as_QEMU_names_them(string name, string expected)
    {
        var arguments = QemuArguments.Build(Spec, Launch with { Accelerator = new Accelerator(name, "host") });
        After(arguments, "-accel").ShouldBe([expected]);
        After(arguments, "-cpu").ShouldBe(["host"]);
    }

    [Fact]
    public void An_arm64_host_gets_an_arm64_machine()
    {
        var arguments = QemuArguments.Build(Spec, Launch with { Architecture = "aarch64", Firmware = "/fw" });
        After(arguments, "-machine").Single().ShouldStartWith("virt,");
        After(arguments, "-append").Single().ShouldContain("console=ttyAMA0");
        arguments.ShouldNotContain("-bios");
        After(arguments, "-device").ShouldNotContain(device => device.StartsWith("vmgenid", StringComparison.Ordinal));

        var disk = QemuArguments.Build(
            Spec with { Image = new BootImage(null, null, new DiskFile("/i.qcow2", "qcow2")) }, Launch with { Architecture = "aarch64", Firmware = "/fw" });
        After(disk, "-bios").ShouldBe(["/fw"]);
    }

    private static List<string> Build() => QemuArguments.Build(Spec, Launch);

    private static List<string> After(List<string> arguments, string option) =>
        [.. arguments.Index().Where(item => item.Index > 0 && arguments[item.Index - 1] == option).Select(item => item.Item)];
}
