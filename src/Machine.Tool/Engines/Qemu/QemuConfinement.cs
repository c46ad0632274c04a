using Machine.Tool.Engines.Confinement;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// What QEMU may touch: itself, the processor's accelerator, this machine's disks, sockets and shares. A guest that broke out of it finds no
/// key, no other machine, and writes neither the project nor what the supervisor believes.
/// </summary>
internal static class QemuConfinement
{
    public const string Variable = "MACHINE_UNCONFINED";

    private const Right Program = Right.Execute | Right.Read;
    private const Right Shared = Right.Read | Right.Write | Right.RemoveFile | Right.RemoveFolder | Right.MakeFile | Right.MakeFolder | Right.MakeLink | Right.Move;

    // Libraries, QEMU's own data, and what the C library asks of every program.
    private static readonly string[] Systems =
    [
        "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload", "/etc/alternatives", "/etc/qemu", "/etc/localtime",
        "/etc/gnutls", "/etc/ssl/openssl.cnf", "/etc/crypto-policies", "/proc/cpuinfo", "/proc/meminfo", "/proc/sys", "/sys/devices/system", "/sys/module/kvm",
        "/sys/module/kvm_intel", "/sys/module/kvm_amd", "/sys/kernel/mm/transparent_hugepage",
    ];

    /// <exception cref="MachineException">Root would run QEMU with nothing around it.</exception>
    public static void RequireWalls()
    {
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && !Confinement.Confinement.WallsOffFiles && Environment.GetEnvironmentVariable(Variable) != "allowed")
        {
            throw new MachineException(
                $"root would run the virtual machine's program with nothing around it: {Confinement.Confinement.Missing}",
                $"run the tool as an ordinary user, or set {Variable}=allowed, if whoever breaks out of the virtual machine may be root here",
                ExitCode.MachineUnavailable);
        }
    }

    /// <param name="disks">All disks with what stands behind them, and whether they are written.</param>
    public static Confinement.Confinement Of(QemuProgram program, MachineSpec spec, QemuLaunch launch, QemuPlaces places, IReadOnlyList<(string Path, bool Write)> disks)
    {
        List<Grant> grants =
        [
            .. Itself(program.Path),
            .. launch.Accelerator.Name == "kvm" ? [new Grant("/dev/kvm", Right.ReadFile | Right.WriteFile | Right.ControlDevice)] : Array.Empty<Grant>(),
            new(places.Sockets, Right.Read | Right.Write | Right.MakeFile | Right.MakeSocket | Right.RemoveFile),
            .. disks.Select(disk => new Grant(disk.Path, disk.Write ? Right.ReadFile | Right.Write : Right.ReadFile)),
            .. new[] { spec.Image.Kernel, spec.Image.Initrd, launch.Firmware }.Concat(spec.Identity.Values).OfType<string>().Select(path => new Grant(path, Right.ReadFile)),
            .. spec.SeedFolder is { } seed ? [new Grant(seed, Right.Read)] : Array.Empty<Grant>(),
            .. spec.Shares.Select(share => new Grant(share.HostPath, share.ReadOnly ? Right.Read : Shared, Exactly: true)),
        ];
        if (spec.Thaw?.MemoryFile is { } template)
        {
            // It is mapped privately. QEMU before 8.2 opens it for writing all the same, and ends where it may not.
            grants.Add(new Grant(template, program.Version >= new Version(8, 2) ? Right.ReadFile : Right.ReadFile | Right.WriteFile));
        }
        else if ((spec.MemoryFile ?? launch.OwnMemory) is { } memory)
        {
            grants.Add(new Grant(memory, Right.ReadFile | Right.Write));
        }

        return new Confinement.Confinement(grants, launch.SshPort, LargestFile(spec, disks));
    }

    /// <summary>qemu-img, which reads disks that guests wrote: these files, and no other.</summary>
    public static Confinement.Confinement OfImages(string program, IEnumerable<string> reads, string writes) => new(
        [.. Itself(program), .. reads.Select(file => new Grant(file, Right.ReadFile)), new Grant(writes, Right.ReadFile | Right.Write)], ListensAt: null, LargestFile: null);

    private static IEnumerable<Grant> Itself(string program) =>
    [
        .. Systems.Concat(Beside(program)).Select(path => new Grant(path, Program)),
        new("/dev/null", Right.ReadFile | Right.Write), new("/dev/zero", Right.ReadFile), new("/dev/urandom", Right.ReadFile), new("/dev/random", Right.ReadFile),
    ];

    // Metadata of a disk comes on top of what its guest sees. A folder that the guest may write holds files of any size.
    private static long? LargestFile(MachineSpec spec, IReadOnlyList<(string Path, bool Write)> disks) =>
        spec.Shares.Any(share => !share.ReadOnly)
            ? null
            : disks.Where(disk => disk.Write).Select(disk => QcowHeader.VirtualSize(disk.Path)).Append(spec.DiskBytes).Append(spec.MemoryBytes).Max() is var largest
                ? largest + (largest / 4) + (1L << 30)
                : null;

    // One that was built by hand has its data beside it.
    private static IEnumerable<string> Beside(string program)
    {
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(ProjectRoot.RealPath(program)))!;
        var libraries = (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathRooted);
        return new[] { program, Path.Combine(folder, "share", "qemu"), Path.Combine(folder, "lib"), Path.Combine(folder, "lib64"), Path.Combine(folder, "libexec") }.Concat(libraries);
    }
}
