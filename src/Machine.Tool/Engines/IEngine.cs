using System.Net;
using System.Text.Json.Serialization;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Engines;

/// <summary>
/// What runs virtual machines. An engine knows disks, memory, shares and how to reach the guest's sshd, and of a Machinefile what
/// such a machine needs; nothing of what runs inside. What not every engine can do is an ability of its own, asked for by <c>is</c>.
/// </summary>
internal interface IEngine
{
    /// <summary>As users name it: <c>qemu</c>.</summary>
    string Name { get; }

    /// <summary>What <c>doctor</c> shows: is the program there, which accelerator really works. Never throws for a missing program.</summary>
    Task<IReadOnlyList<CheckResult>> CheckAsync(CancellationToken cancel);

    /// <summary>Judges what a project asks for, before minutes are spent on an image.</summary>
    /// <exception cref="MachineException">Such a machine does not run on this host.</exception>
    Task RequireAsync(Machinefile machinefile, IProgressSink progress, CancellationToken cancel);

    /// <summary>
    /// Starts a machine and returns when its process runs and its sshd's port is bound (the guest itself is still booting).
    /// Remembers in <see cref="MachineSpec.Folder"/> what <see cref="AdoptAsync"/> needs.
    /// </summary>
    /// <exception cref="MachineException">The engine's program is missing or ended at once; carries its own words.</exception>
    /// <exception cref="CannotThawException">The frozen machine can't be brought back; a cold start may follow.</exception>
    Task<IEngineMachine> StartAsync(MachineSpec spec, IProgressSink progress, CancellationToken cancel);

    /// <summary>
    /// Finds a machine that an earlier supervisor started in this folder and that still runs; null when there is none.
    /// What is left of a dead one (sockets, stale process ids, also of another process that got the same id) is cleaned.
    /// </summary>
    Task<IEngineMachine?> AdoptAsync(string folder, string runtimeFolder, CancellationToken cancel);
}

internal static class EngineAbilities
{
    /// <summary>An ability of this engine.</summary>
    /// <param name="lacking">What it does not do without: <c>keeps no volumes</c>.</param>
    /// <exception cref="MachineException">It lacks it.</exception>
    public static T Require<T>(this IEngine engine, string lacking)
        where T : class, IEngine =>
        engine as T ?? throw new MachineException($"the engine {engine.Name} {lacking}");
}

/// <summary>An engine that keeps disks which outlive their machines.</summary>
internal interface IVolumeEngine : IEngine
{
    /// <summary>The volumes of one machine.</summary>
    /// <param name="folder">Where the machine keeps them.</param>
    IEnumerable<VolumeInfo> Volumes(string folder);

    bool Has(VolumeReference volume);

    /// <summary>Creates an empty volume of <paramref name="bytes"/>; sparse. Atomic: a crash leaves no half one under this name.</summary>
    Task CreateAsync(VolumeReference volume, long bytes, CancellationToken cancel);

    void Remove(VolumeReference volume);

    /// <summary>Writes it as one compressed, stand-alone file.</summary>
    Task ExportAsync(VolumeReference volume, string file, CancellationToken cancel);

    /// <summary>Replaces or creates it with what <see cref="ExportAsync"/> wrote.</summary>
    /// <exception cref="MachineException">The file is none that an export wrote, or reads others.</exception>
    Task ImportAsync(VolumeReference volume, string file, CancellationToken cancel);

    /// <summary>Writes it anew without what it does not hold any more.</summary>
    Task CompactAsync(VolumeReference volume, CancellationToken cancel);
}

/// <summary>An engine whose machines start from disk files of this host: images are built with it.</summary>
internal interface IDiskEngine : IEngine
{
    /// <summary>Creates an empty disk of <paramref name="bytes"/>; sparse. Atomic: a crash leaves no half disk under this name.</summary>
    Task CreateDiskAsync(string path, long bytes, CancellationToken cancel);

    /// <summary>Creates a disk whose unwritten blocks are <paramref name="backing"/>'s; <paramref name="backing"/> must never change afterwards.</summary>
    Task CreateOverlayDiskAsync(string path, DiskFile backing, long bytes, CancellationToken cancel);

    /// <summary>Writes the whole content of a disk (backing included) as a compressed, stand-alone disk; and back.</summary>
    Task CopyDiskAsync(DiskFile source, DiskFile target, bool compress, CancellationToken cancel);
}

/// <summary>An engine that thaws any number of machines from one frozen memory; its machines are <see cref="IFreezable"/>.</summary>
internal interface ITemplateEngine : IDiskEngine
{
    /// <summary>
    /// Identifies what a frozen machine depends on: program version, machine type, CPU model, and the spec's processors,
    /// memory, disk size and slots. A machine thaws only where this is the same.
    /// </summary>
    Task<string> FingerprintAsync(MachineSpec spec, CancellationToken cancel);
}

/// <summary>A running machine.</summary>
internal interface IEngineMachine : IGuestMachine, IAsyncDisposable
{
    /// <summary>Where the guest's sshd is reached.</summary>
    IPEndPoint Ssh { get; }

    /// <summary>The accelerator in use, as shown to users: <c>kvm</c>, <c>hvf</c>, <c>whpx</c>, <c>tcg</c>.</summary>
    string Accelerator { get; }

    /// <summary>Why what keeps its guest in is weaker than it could be, for the user; null where it is not.</summary>
    string? Weakness => null;

    /// <summary>Time that it took of this host's processors since it began.</summary>
    TimeSpan ProcessorTime { get; }

    /// <summary>Its share of the host's memory in bytes; null where nobody tells.</summary>
    long? MemoryBytes { get; }

    /// <summary>Asks the guest to power off, and kills the machine after <paramref name="grace"/>.</summary>
    Task PowerOffAsync(TimeSpan grace, CancellationToken cancel);

    /// <summary>Ends it now. Disks stay consistent as after a power failure.</summary>
    Task KillAsync(CancellationToken cancel);
}

/// <summary>A machine that can be frozen with its memory.</summary>
internal interface IFreezable
{
    /// <summary>
    /// Freezes the machine with its memory into <paramref name="folder"/> and ends it. Its shares are unplugged
    /// first: the guest must have unmounted them.
    /// </summary>
    /// <exception cref="MachineException">It can't be frozen now; it runs on, its shares plugged in again.</exception>
    Task FreezeAsync(string folder, CancellationToken cancel);
}

/// <summary>A machine that is a process of this host.</summary>
internal interface IHostedMachine
{
    int ProcessId { get; }
}

/// <summary>Format: <c>raw</c> or <c>qcow2</c>.</summary>
internal sealed record DiskFile(string Path, string Format);

/// <summary>An operating system that can be booted. Kernel null: the disk boots by itself (firmware).</summary>
/// <param name="KernelArguments">Root device and console are the engine's; these come after.</param>
internal sealed record BootImage(string? Kernel, string? Initrd, DiskFile Disk, string KernelArguments = "");

/// <summary>A folder of the host that the guest can mount by <paramref name="Tag"/>. Read-only is enforced at the host end.</summary>
internal sealed record SharedFolder(string Tag, string HostPath, bool ReadOnly);

/// <summary>A disk that outlives the machine; where it lies is its engine's.</summary>
/// <param name="Folder">Where its machine keeps its volumes.</param>
internal sealed record VolumeReference(string Folder, string Name);

/// <param name="Bytes">Bytes it takes where it lies.</param>
internal sealed record VolumeInfo(string Name, long Bytes, DateTimeOffset LastWrite);

/// <summary>A volume that the guest finds by <paramref name="Serial"/> (at most 20 characters).</summary>
internal sealed record VolumeDisk(string Serial, VolumeReference Volume, bool ReadOnly = false)
{
    // As machines that were suspended before engines resolved references have it.
    [JsonInclude]
    private string Path { init => Volume = new VolumeReference(System.IO.Path.GetDirectoryName(value)!, System.IO.Path.GetFileNameWithoutExtension(value)); }
}

/// <summary>What to start.</summary>
internal sealed record MachineSpec
{
    /// <summary>The machine's id, for process names and messages.</summary>
    public required string Id { get; init; }

    /// <summary>The machine's state folder: the engine keeps its root disk, logs and remembered state here.</summary>
    public required string Folder { get; init; }

    /// <summary>Short path for sockets.</summary>
    public required string RuntimeFolder { get; init; }

    public required BootImage Image { get; init; }

    public required int Cpus { get; init; }

    /// <summary>Guest memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Size of the ephemeral root disk in bytes, at least the image's.</summary>
    public required long DiskBytes { get; init; }

    public required IReadOnlyList<SharedFolder> Shares { get; init; }

    public required IReadOnlyList<VolumeDisk> Volumes { get; init; }

    /// <summary>Small files (name to path on the host) that the guest reads early in its boot: host key, authorised key, host name.</summary>
    public required IReadOnlyDictionary<string, string> Identity { get; init; }

    /// <summary>The machine's own writable root disk; null makes a fresh ephemeral overlay over the image's disk.</summary>
    public DiskFile? RootDisk { get; init; }

    /// <summary>How many shares and volumes there is room for; a frozen machine thaws with the room it was frozen with.</summary>
    public int Slots { get; init; } = 6;

    /// <summary>
    /// Where the guest's memory lies while it runs, so that <see cref="IFreezable.FreezeAsync"/> leaves a memory that many machines
    /// can thaw from, copy-on-write. Null: ordinary memory.
    /// </summary>
    public string? MemoryFile { get; init; }

    /// <summary>The frozen machine to continue; null boots.</summary>
    public FrozenMachine? Thaw { get; init; }

    /// <summary>Its files are on a small read-only disk with the label CIDATA, where a cloud image looks for its instructions; null: no such disk.</summary>
    public string? SeedFolder { get; init; }

    /// <summary>It is never emulated.</summary>
    public bool RequiresAccelerator { get; init; }
}

/// <summary>What <see cref="IFreezable.FreezeAsync"/> left.</summary>
/// <param name="Folder">Where it left it.</param>
/// <param name="MemoryFile">
/// The memory of a machine that was started with one: it is never written, and serves any number of machines. Null: the
/// machine's own memory, which is used up by the thaw, with the root disk that lies in the machine's folder.
/// </param>
internal sealed record FrozenMachine(string Folder, string? MemoryFile);

/// <summary>A frozen machine can't be brought back: its files are missing, cut off, or of another machine.</summary>
internal sealed class CannotThawException(string message, Exception? inner = null) : Exception(message, inner);
