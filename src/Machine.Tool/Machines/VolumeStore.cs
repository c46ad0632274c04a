using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Machines;

/// <summary>The disks of one machine that outlive it.</summary>
internal sealed class VolumeStore(MachineFolders machine, IEngine engine)
{
    /// <summary>The built-in volume that holds what the guest changed in the workspace.</summary>
    public const string Workspace = "workspace";

    private const string Extension = ".qcow2";

    /// <summary>Names of the volumes on disk.</summary>
    public IEnumerable<VolumeInfo> List() =>
        !Directory.Exists(machine.Volumes) ? [] :
        new DirectoryInfo(machine.Volumes).EnumerateFiles("*" + Extension)
            .Select(file => new VolumeInfo(Path.GetFileNameWithoutExtension(file.Name), DiskUsage.AllocatedBytes(file.FullName), new DateTimeOffset(file.LastWriteTimeUtc)))
            .OrderBy(volume => volume.Name, StringComparer.Ordinal);

    public string PathOf(string name) => Path.Combine(machine.Volumes, name + Extension);

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
                File.Delete(PathOf(name));
            }

            if (!File.Exists(PathOf(name)))
            {
                // Said before it is made: a crash in between leaves a name without a disk, never a disk that is taken for used.
                fresh.Add(name);
                record = (record with { FreshVolumes = [.. fresh] }).Save(machine.State);
                await engine.CreateDiskAsync(PathOf(name), volume.SizeBytes, cancel);
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

    public static IReadOnlyList<VolumeDisk> Disks(Machinefile machinefile, VolumeStore store) =>
        [.. AllOf(machinefile).Keys.Select(name => new VolumeDisk(Serial(name), store.PathOf(name)))];

    /// <summary>What the guest finds the disk by; virtio carries 20 bytes.</summary>
    public static string Serial(string name) => name.Length <= 20 ? name : name[..11] + "-" + ShortHash.Of(name);

    /// <exception cref="MachineException">There is no such volume.</exception>
    public void Remove(string name)
    {
        RequireExisting(name);
        File.Delete(PathOf(name));
    }

    /// <summary>Writes the volume as one compressed, stand-alone file.</summary>
    public Task ExportAsync(string name, string file, CancellationToken cancel)
    {
        RequireExisting(name);
        return engine.CopyDiskAsync(new DiskFile(PathOf(name), "qcow2"), new DiskFile(Path.GetFullPath(file), "qcow2"), compress: true, cancel);
    }

    /// <summary>Writes the volume anew without what it does not hold any more.</summary>
    /// <returns>Bytes on the host's disk, before and after.</returns>
    public async Task<(long Before, long After)> CompactAsync(string name, CancellationToken cancel)
    {
        RequireExisting(name);
        var disk = new DiskFile(PathOf(name), "qcow2");
        var before = DiskUsage.AllocatedBytes(disk.Path);
        await engine.CopyDiskAsync(disk, disk, compress: false, cancel);
        return (before, DiskUsage.AllocatedBytes(disk.Path));
    }

    /// <summary>Replaces or creates the volume with what <see cref="ExportAsync"/> wrote.</summary>
    public async Task ImportAsync(string name, string file, CancellationToken cancel)
    {
        if (!File.Exists(file))
        {
            throw new MachineException($"there is no file {file}");
        }

        MachinePaths.CreatePrivate(machine.Volumes);
        var taken = new DiskFile(Path.Combine(machine.Volumes, $".{name}.{Guid.NewGuid():N}.import"), "qcow2");
        try
        {
            await ForeignDisk.TakeAsync(Path.GetFullPath(file), taken, "import what `dotnet machine volume export` wrote", cancel);
            await engine.CopyDiskAsync(taken, new DiskFile(PathOf(name), "qcow2"), compress: false, cancel);
        }
        finally
        {
            File.Delete(taken.Path);
        }

        if (MachineRecord.TryRead(machine.State, out var record))
        {
            (record with { FreshVolumes = [.. record.FreshVolumes.Where(fresh => fresh != name)] }).Save(machine.State);
        }
    }

    private void RequireExisting(string name)
    {
        if (!File.Exists(PathOf(name)))
        {
            var known = string.Join(", ", List().Select(volume => volume.Name));
            throw new MachineException($"there is no volume {name}", known.Length > 0 ? $"the volumes of this project: {known}" : "this project has no volumes yet; they are made at its first start");
        }
    }
}

/// <param name="Bytes">Bytes it takes on the host's disk.</param>
internal sealed record VolumeInfo(string Name, long Bytes, DateTimeOffset LastWrite);
