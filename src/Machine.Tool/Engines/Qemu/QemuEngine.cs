using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Machines as QEMU processes of this host.</summary>
internal sealed class QemuEngine(MachinePaths paths) : IVolumeEngine, ITemplateEngine
{
    // Between the choice of a free port and its use somebody else may take it.
    private const int PortAttempts = 5;

    private readonly AcceleratorChoice accelerators = new(paths);

    // Asked for its version once: that takes as long as a thaw.
    private QemuProgram? program;

    public string Name => "qemu";

    /// <summary>The kernel that an accelerated template is for; tests set another.</summary>
    internal string Kernel { get; init; } = HostKernel.Build;

    /// <summary>Where the guest's sshd will be reached.</summary>
    internal Func<int> ChoosePort { get; init; } = LoopbackPort.Free;

    public async Task<string> FingerprintAsync(MachineSpec spec, CancellationToken cancel)
    {
        program ??= await QemuProgram.FindAsync(cancel);
        var accelerator = (await accelerators.ChooseAsync(program, SilentProgress.Instance, cancel)).Accelerator;
        // With an accelerator part of a machine's state is the host kernel's own.
        var kernel = accelerator.Name == Emulation.Name ? "" : Kernel;
        return $"{program.Identity} {string.Join(' ', QemuArguments.Accelerator(accelerator))} {QemuArguments.MachineType(program.Architecture)} on {HostProcessor.Model()} {kernel} "
            + $"cpus={spec.Cpus} memory={spec.MemoryBytes} disk={spec.DiskBytes} slots={spec.Slots}";
    }

    public async Task RequireAsync(Machinefile machinefile, IProgressSink progress, CancellationToken cancel)
    {
        if (machinefile.RequiresAccelerator || AcceleratorChoice.IsRequiredByUser)
        {
            program ??= await QemuProgram.FindAsync(cancel);
            await accelerators.RequireAsync(program, machinefile.RequiresAccelerator, progress, cancel);
        }
    }

    public Task<IReadOnlyList<CheckResult>> CheckAsync(CancellationToken cancel) => QemuChecks.RunAsync(accelerators, cancel);

    public async Task<IEngineMachine> StartAsync(MachineSpec spec, IProgressSink progress, CancellationToken cancel)
    {
        var places = new QemuPlaces(Path.GetFullPath(spec.Folder), Path.GetFullPath(spec.RuntimeFolder));
        MachinePaths.CreatePrivate(places.Logs);
        MachinePaths.CreatePrivate(places.RuntimeFolder);
        QemuConfinement.RequireWalls();
        if (await QemuAdoption.FindAsync(places, cancel) is { } running)
        {
            await running.DisposeAsync();
            throw new MachineException($"the machine {spec.Id} runs already (process {running.ProcessId})", exitCode: ExitCode.MachineUnavailable);
        }

        program ??= await QemuProgram.FindAsync(cancel);
        var accelerator = (await accelerators.RequireAsync(program, spec.RequiresAccelerator, progress, cancel)).Accelerator;
        var frozen = spec.Thaw is null ? null : FrozenState.Require(spec, program.Identity);
        var continues = spec.Thaw is { MemoryFile: null };
        var root = spec.RootDisk ?? new DiskFile(places.EphemeralRoot, "qcow2");
        if (continues && !File.Exists(root.Path))
        {
            throw new CannotThawException("its root disk is gone");
        }

        if (spec.RootDisk is null && !continues)
        {
            await QemuDisks.CreateOverlayAsync(root.Path, spec.Image.Disk, Chain(spec.Image.Disk), spec.DiskBytes, cancel);
        }

        if (spec.MemoryFile is { } memory && spec.Thaw is null)
        {
            // QEMU may write it, and make no file.
            await File.WriteAllBytesAsync(memory, [], cancel);
        }

        var disks = Disks(spec, root);
        var firmware = spec.Image.Kernel is null ? QemuFirmware.Find(program.Architecture) : null;
        for (var attempt = 1; ; attempt++)
        {
            var launch = new QemuLaunch
            {
                Architecture = program.Architecture,
                Accelerator = accelerator,
                Uuid = Guid.NewGuid(),
                SshPort = ChoosePort(),
                Root = root,
                RootIsEphemeral = spec.RootDisk is null,
                QmpSocket = places.QmpSocket,
                ConsoleSocket = places.ConsoleSocket,
                PidFile = places.PidFile,
                Firmware = firmware,
                Sandbox = OperatingSystem.IsLinux(),
                Balloon = frozen?.Build.Balloon ?? (spec.MemoryFile is null),
                Thaw = frozen is not null,
                OwnMemory = frozen?.Version == FrozenState.MemoryApart ? FrozenState.MemoryFile(spec.Thaw!.Folder) : null,
                VolumesPlugged = frozen is null || continues,
            };
            try
            {
                // An attempt before this one took it away.
                MachinePaths.CreatePrivate(places.Sockets);
                return await QemuStart.RunAsync(program, spec, places, launch, disks, cancel);
            }
            catch (PortTakenException) when (attempt < PortAttempts)
            {
                progress.Detail($"port {launch.SshPort} was taken, trying another");
            }
            catch (PortTakenException e)
            {
                throw new MachineException($"no free port for ssh after {PortAttempts} attempts:\n{e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
            }
        }
    }

    public async Task<IEngineMachine?> AdoptAsync(string folder, string runtimeFolder, CancellationToken cancel) =>
        await QemuAdoption.FindAsync(new QemuPlaces(Path.GetFullPath(folder), Path.GetFullPath(runtimeFolder)), cancel);

    public IEnumerable<VolumeInfo> Volumes(string folder) => QemuVolumes.In(folder);

    public bool Has(VolumeReference volume) => File.Exists(QemuVolumes.Disk(volume).Path);

    public Task CreateAsync(VolumeReference volume, long bytes, CancellationToken cancel) => CreateDiskAsync(QemuVolumes.Disk(volume).Path, bytes, cancel);

    public void Remove(VolumeReference volume) => File.Delete(QemuVolumes.Disk(volume).Path);

    public Task ExportAsync(VolumeReference volume, string file, CancellationToken cancel) =>
        CopyDiskAsync(QemuVolumes.Disk(volume), new DiskFile(Path.GetFullPath(file), "qcow2"), compress: true, cancel);

    public Task ImportAsync(VolumeReference volume, string file, CancellationToken cancel) =>
        QemuVolumes.ImportAsync(volume, file, (source, target) => CopyDiskAsync(source, target, compress: false, cancel), cancel);

    public Task CompactAsync(VolumeReference volume, CancellationToken cancel) =>
        CopyDiskAsync(QemuVolumes.Disk(volume), QemuVolumes.Disk(volume), compress: false, cancel);

    public Task CreateDiskAsync(string path, long bytes, CancellationToken cancel) => QemuDisks.CreateAsync(path, bytes, cancel);

    public Task CreateOverlayDiskAsync(string path, DiskFile backing, long bytes, CancellationToken cancel) =>
        QemuDisks.CreateOverlayAsync(path, backing, Chain(backing), bytes, cancel);

    public Task CopyDiskAsync(DiskFile source, DiskFile target, bool compress, CancellationToken cancel) =>
        QemuDisks.CopyAsync(source, Chain(source), target, compress, cancel);

    // A guest's machine may have written it: read as a chain, it could copy any file of the host.
    private List<string> Chain(DiskFile disk) =>
        disk.Format == "qcow2" && File.Exists(disk.Path) ? QemuDiskChain.Of(Path.GetFullPath(disk.Path), [paths.Images, paths.Templates], []) : [disk.Path];

    private List<(string Path, bool Write)> Disks(MachineSpec spec, DiskFile root)
    {
        IReadOnlyList<string> may = [paths.Images, paths.Templates];
        IReadOnlyList<string> known = [spec.Image.Disk.Path];
        return
        [
            .. new (string Path, bool Write)[] { (root.Path, true) }.Concat(spec.Volumes.Select(volume => (Path: QemuVolumes.Disk(volume.Volume).Path, Write: !volume.ReadOnly)))
                .SelectMany(disk => QemuDiskChain.Of(disk.Path, may, known).Select((file, depth) => (file, disk.Write && depth == 0))),
        ];
    }
}
