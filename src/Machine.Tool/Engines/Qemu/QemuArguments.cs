using System.Text.Encodings.Web;
using System.Text.Json;

namespace Machine.Tool.Engines.Qemu;

/// <summary>QEMU's command line, made from what is to be started. Pure: it reads and writes nothing.</summary>
internal static class QemuArguments
{
    // Emulation's code cache, taken from the host as it is used. Three minutes of a first build fill 850 MiB; when it is full,
    // everything is translated anew. 2 GiB is the most that QEMU takes.
    private static readonly long TranslationBufferMegabytes = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8 / (1 << 20), 256, 2048);

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static List<string> Build(MachineSpec spec, QemuLaunch launch)
    {
        var arm = launch.Architecture == "aarch64";
        List<string> arguments =
        [
            "-name", $"guest={Escape(spec.Id)}",
            "-uuid", launch.Uuid.ToString(),
            "-no-user-config",
            "-nodefaults",
            "-display", "none",
            // A guest that restarts would come back without what the supervisor set up: it ends, with a reason, instead.
            "-no-reboot",
            // It waits for "cont", so that not one line of the console is lost.
            "-S",
            // mem-merge and dumps: guest memory is shared with nobody and lands in no core file.
            "-machine", MachineType(launch.Architecture) + ",usb=off,mem-merge=off,dump-guest-core=off,memory-backend=mem",
            "-object", Memory(spec, launch),
            "-m", $"size={spec.MemoryBytes / 1024}k",
            "-smp", $"cpus={spec.Cpus}",
            .. Accelerator(launch.Accelerator),
            .. Boot(spec.Image, launch, arm),
            .. Disk("root", launch.Root, launch.RootIsEphemeral, readOnly: false),
            "-device", "virtio-blk-pci,id=root-device,drive=root" + (spec.Image.Kernel is null ? ",bootindex=0" : ""),
        ];

        for (var port = 0; port < spec.Slots; port++)
        {
            arguments.AddRange(["-device", $"pcie-root-port,id=port{port},chassis={port + 1}"]);
        }

        foreach (var (index, volume) in spec.Volumes.Index())
        {
            arguments.AddRange(Disk(QemuDevices.Volume(index), QemuVolumes.Disk(volume.Volume), ephemeral: false, volume.ReadOnly));
        }

        if (spec.SeedFolder is { } seed)
        {
            arguments.AddRange(["-blockdev", Seed(seed), "-device", "virtio-blk-pci,drive=seed"]);
        }

        foreach (var (index, share) in spec.Shares.Index())
        {
            // Enforced here, at the host's end: a guest's root may remount as it likes. mapped-xattr: owners, modes, links and devices that
            // a guest makes are notes beside a plain file, nothing that the host would follow or run.
            arguments.AddRange(["-fsdev", $"local,id={QemuDevices.Share(index)},path={Escape(share.HostPath)},security_model={(share.ReadOnly ? "none" : "mapped-xattr")},multidevs=remap,readonly={(share.ReadOnly ? "on" : "off")}"]);
        }

        foreach (var device in QemuDevices.AtStart(spec, launch))
        {
            arguments.AddRange(["-device", string.Join(',', device.Select(property => property.Key == "driver" ? property.Value : $"{property.Key}={Escape(property.Value)}"))]);
        }

        foreach (var (name, path) in spec.Identity)
        {
            arguments.AddRange(["-fw_cfg", $"name=opt/machine/{Escape(name)},file={Escape(path)}"]);
        }

        arguments.AddRange(
        [
            // restrict: the guest reaches neither the host nor the world; the one way is from this port to its sshd.
            "-netdev", $"user,id=net,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:{launch.SshPort}-:22",
            // No boot ROM: nothing boots from here, and loading it costs time.
            "-device", "virtio-net-pci,netdev=net,romfile=",
            "-device", "virtio-rng-pci",
            "-chardev", $"socket,id=console,path={Escape(launch.ConsoleSocket)},server=on,wait=off",
            "-serial", "chardev:console",
            "-chardev", $"socket,id=qmp,path={Escape(launch.QmpSocket)},server=on,wait=off",
            "-mon", "chardev=qmp,mode=control",
            "-pidfile", launch.PidFile,
        ]);
        if (!arm)
        {
            // Tells a thawed guest to reseed its random numbers.
            arguments.AddRange(["-device", "vmgenid,guid=auto"]);
        }

        if (launch.Balloon)
        {
            // What the guest frees goes back to the host.
            arguments.AddRange(["-device", "virtio-balloon-pci,free-page-reporting=on"]);
        }

        if (launch.Thaw)
        {
            arguments.AddRange(["-incoming", "defer"]);
        }

        if (launch.Sandbox)
        {
            arguments.AddRange(["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]);
        }

        return arguments;
    }

    public static string MachineType(string architecture) =>
        architecture == "aarch64" ? "virt,gic-version=max" : "q35,vmport=off,sata=off";

    /// <summary>Also for the probe, which must run what machines will run.</summary>
    public static string[] Accelerator(Accelerator accelerator) =>
    [
        "-accel", accelerator.Name switch
        {
            Emulation.Name => $"tcg,thread=multi,tb-size={TranslationBufferMegabytes}",
            "whpx" => "whpx,kernel-irqchip=off",
            var name => name,
        },
        "-cpu", accelerator.Cpu,
    ];

    /// <summary>A comma inside a value is written twice.</summary>
    public static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    // A thawed machine maps the file for itself alone: what it writes stays its own.
    private static string Memory(MachineSpec spec, QemuLaunch launch) =>
        (spec.Thaw?.MemoryFile ?? launch.OwnMemory) is { } template ? $"memory-backend-file,id=mem,size={spec.MemoryBytes},mem-path={Escape(template)},share=off"
        : spec.MemoryFile is { } file ? $"memory-backend-file,id=mem,size={spec.MemoryBytes},mem-path={Escape(file)},share=on"
        : $"memory-backend-ram,id=mem,size={spec.MemoryBytes}";

    private static IEnumerable<string> Boot(BootImage image, QemuLaunch launch, bool arm)
    {
        if (image.Kernel is null)
        {
            return launch.Firmware is null ? [] : ["-bios", launch.Firmware];
        }

        // panic=-1: a kernel that panics ends the machine at once (with -no-reboot), its console tells why.
        var kernelArguments = $"root=/dev/vda rw console={(arm ? "ttyAMA0" : "ttyS0")} quiet panic=-1 {image.KernelArguments}".TrimEnd()
            + (launch.Accelerator.Name == Emulation.Name ? " " + Emulation.KernelArguments : "");
        return
        [
            "-kernel", image.Kernel,
            .. image.Initrd is null ? Array.Empty<string>() : ["-initrd", image.Initrd],
            "-append", kernelArguments,
        ];
    }

    // A folder of the host, shown as a file system that any guest can read.
    private static string Seed(string folder) => JsonSerializer.Serialize(
        new Dictionary<string, object> { ["driver"] = "vvfat", ["node-name"] = "seed", ["read-only"] = true, ["dir"] = folder, ["label"] = "CIDATA" }, Json);

    private static string[] Disk(string node, DiskFile disk, bool ephemeral, bool readOnly)
    {
        var file = new Dictionary<string, object> { ["driver"] = "file", ["filename"] = disk.Path };
        var description = new Dictionary<string, object>
        {
            ["driver"] = disk.Format,
            ["node-name"] = node,
            ["read-only"] = readOnly,
            // What the guest deletes shrinks the file again.
            ["discard"] = "unmap",
            ["detect-zeroes"] = "unmap",
            // An ephemeral disk need not survive a power failure: its flushes wait for no platter.
            ["cache"] = new Dictionary<string, object> { ["no-flush"] = ephemeral },
            ["file"] = file,
        };
        return ["-blockdev", JsonSerializer.Serialize(description, Json)];
    }
}
