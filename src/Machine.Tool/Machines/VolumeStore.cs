using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Machines;

/// <summary>The disks of one machine that outlive it.</summary>
internal sealed class VolumeStore(MachineFolders machine, IEngine runner)
{
    /// <summary>The built-in volume that holds what the guest changed in the workspace.</summary>
    public const string Workspace = "workspace";

    private readonly IVolumeEngine engine = runner.Require<IVolumeEngine>("keeps no volumes");

    /// <summary>Those that were made.</summary>
    public IEnumerable<VolumeInfo> List() => engine.Volumes(machine.Volumes).OrderBy(volume => volume.Name, StringComparer.Ordinal);

    public bool Has(string name) => engine.Has(Reference(name));

    /// <summary>
    /// Makes the disks that the Machinefile declares. A volume that was created but never mounted holds nothing of
    /// anybody's: it is made anew, because an interrupted first format can leave half a file system.
    /// </summary>
    /// <returns>The record with the volumes that the guest has to format.</returns>
    public async Task<MachineRecord> EnsureAsync(Machinefile machinefile, MachineRecord record, CancellationToken cancel)
    {
        var volumes = AllOf(machinefile);
        var fresh = record.FreshVolumes.Where(volumes.ContainsKey).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, volume) in volumes)
        {
            if (fresh.Contains(name))
            {
                engine.Remove(Reference(name));
            }

            if (!Has(name))
            {
                // Said before it is made: a crash in between leaves a name without a disk, never a disk that is taken for used.
                fresh.Add(name);
                record = (record with { FreshVolumes = [.. fresh] }).Save(machine.State);
                await engine.CreateAsync(Reference(name), volume.SizeBytes, cancel);
            }
        }

        return (record with { FreshVolumes = [.. fresh] }).Save(machine.State);
    }

    /// <summary>The declared volumes and the built-in one.</summary>
    public static IReadOnlyDictionary<string, Volume> AllOf(Machinefile machinefile) =>
        new Dictionary<string, Volume>(machinefile.Volumes, StringComparer.Ordinal)
        {
            [Workspace] = new Volume(GuestLayout.Workspace, machinefile.DiskBytes),
        };

    public IReadOnlyList<VolumeDisk> Disks(Machinefile machinefile) => [.. AllOf(machinefile).Keys.Select(name => new VolumeDisk(Serial(name), Reference(name)))];

    /// <summary>What the guest finds the disk by; virtio carries 20 bytes.</summary>
    public static string Serial(string name) => name.Length <= 20 ? name : name[..11] + "-" + ShortHash.Of(name);

    /// <exception cref="MachineException">There is no such volume.</exception>
    public VolumeInfo Require(string name)
    {
        var volumes = List().ToList();
        return volumes.Find(volume => volume.Name == name) ?? throw new MachineException(
            $"there is no volume {name}",
            volumes.Count > 0 ? $"the volumes of this project: {string.Join(", ", volumes.Select(volume => volume.Name))}" : "this project has no volumes yet; they are made at its first start");
    }

    public void Remove(string name)
    {
        Require(name);
        engine.Remove(Reference(name));
    }

    /// <inheritdoc cref="IVolumeEngine.ExportAsync"/>
    public Task ExportAsync(string name, string file, CancellationToken cancel)
    {
        Require(name);
        return engine.ExportAsync(Reference(name), file, cancel);
    }

    /// <inheritdoc cref="IVolumeEngine.CompactAsync"/>
    /// <returns>Bytes on the host's disk, before and after.</returns>
    public async Task<(long Before, long After)> CompactAsync(string name, CancellationToken cancel)
    {
        var before = Require(name).Bytes;
        await engine.CompactAsync(Reference(name), cancel);
        return (before, Require(name).Bytes);
    }

    /// <inheritdoc cref="IVolumeEngine.ImportAsync"/>
    public async Task ImportAsync(string name, string file, CancellationToken cancel)
    {
        if (!File.Exists(file))
        {
            throw new MachineException($"there is no file {file}");
        }

        MachinePaths.CreatePrivate(machine.Volumes);
        await engine.ImportAsync(Reference(name), file, cancel);
        if (MachineRecord.TryRead(machine.State, out var record))
        {
            (record with { FreshVolumes = [.. record.FreshVolumes.Where(fresh => fresh != name)] }).Save(machine.State);
        }
    }

    private VolumeReference Reference(string name) => new(machine.Volumes, name);
}
