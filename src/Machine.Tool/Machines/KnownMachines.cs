using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>A machine that this host keeps state of.</summary>
/// <param name="Record">Null where it is missing or cannot be read.</param>
internal sealed record KnownMachine(MachineFolders Folders, MachineRecord? Record)
{
    public MachineId Id => Folders.Id;

    /// <summary>Null where nothing tells which project it belongs to.</summary>
    public ProjectRoot? Project { get; } = Record is { } record && new ProjectRoot(record.Project) is { } project && project.MachineId == Folders.Id ? project : null;

    public bool ProjectExists => Project is { } project && File.Exists(project.Machinefile);
}

/// <summary>The machines of this host, as their state folders tell.</summary>
internal static class KnownMachines
{
    public static IReadOnlyList<KnownMachine> All(MachinePaths paths) =>
        !Directory.Exists(paths.Machines) ? [] :
        [.. Directory.EnumerateDirectories(paths.Machines).Select(folder => MachineId.TryParse(Path.GetFileName(folder))).OfType<MachineId>()
            .OrderBy(id => id.Text, StringComparer.Ordinal)
            .Select(id => new MachineFolders(paths, id))
            .Select(folders => new KnownMachine(folders, MachineRecord.TryRead(folders.State, out var record) ? record : null))];

    public static KnownMachine? Find(MachinePaths paths, MachineId id) => All(paths).FirstOrDefault(machine => machine.Id == id);

    /// <summary>False for a copy of another machine's folder: what runs, and its sockets, are the other's.</summary>
    public static bool OwnsItsSockets(MachineFolders folders)
    {
        var others = All(folders.Paths).Where(machine => machine.Id != folders.Id && machine.Id.Short == folders.Id.Short).ToList();
        return MachineRecord.TryRead(folders.State, out var record)
            ? MachineId.OfProject(record.Project) is var named && (named == folders.Id || others.All(other => other.Id != named))
            : others.All(other => other.Project is null);
    }

    /// <summary>Ids of the machines that stand on an image.</summary>
    public static IReadOnlyList<string> OnImage(MachinePaths paths, string hash) => Using(paths, hash, record => record.ImageHash);

    /// <summary>Ids of the machines that were thawed from a template and not stopped since.</summary>
    public static IReadOnlyList<string> OnTemplate(MachinePaths paths, string key) => Using(paths, key, record => record.TemplateKey);

    private static IReadOnlyList<string> Using(MachinePaths paths, string hash, Func<MachineRecord, string?> used) =>
        [.. All(paths).Where(machine => machine.Record is { } record ? used(record) == hash : MachineRecord.MayName(machine.Folders.State, hash)).Select(machine => machine.Id.Text)];
}
