using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Operations;

/// <summary>The disks that outlive the project's machine. All but listing wants the machine at rest.</summary>
internal sealed class ProjectVolumes
{
    /// <summary>Holds only what can be downloaded again.</summary>
    private const string Rebuildable = "packages";

    private readonly MachinePaths paths;
    private readonly ProjectMachine folders;
    private readonly IEngine engine;
    private readonly VolumeStore store;

    private ProjectVolumes(MachinePaths paths, ProjectMachine folders)
    {
        this.paths = paths;
        this.folders = folders;
        engine = EngineCatalog.Of(paths, folders.State);
        store = new VolumeStore(folders, engine);
    }

    /// <summary>Those of the project at or above the folder that one stands in.</summary>
    public static ProjectVolumes Here()
    {
        var paths = MachinePaths.FromEnvironment();
        return new ProjectVolumes(paths, new ProjectMachine(paths, ProjectRoot.Find(Environment.CurrentDirectory)));
    }

    public IReadOnlyList<VolumeInfo> List() => [.. store.List()];

    /// <exception cref="MachineException">It is not there, the machine runs, or nobody agreed.</exception>
    public async Task RemoveAsync(string name, IConsent consent, CancellationToken cancel)
    {
        var volume = store.Require(name);
        using var held = await HoldAsync(cancel);
        if (name != Rebuildable)
        {
            consent.Require($"{Lost(volume)} is lost", "Delete it?", $"dotnet machine volume rm {name} --yes", "nothing was changed");
        }

        store.Remove(name);
    }

    /// <exception cref="MachineException">It is not there, the file is, or the machine runs.</exception>
    public async Task ExportAsync(string name, string file, Func<IProgressSink> progress, CancellationToken cancel)
    {
        store.Require(name);
        if (Path.Exists(file))
        {
            throw new MachineException($"there is already a {file}", "remove it, or name another file");
        }

        using var held = await HoldAsync(cancel);
        progress().Step($"writing {file}");
        await store.ExportAsync(name, file, cancel);
    }

    /// <summary>Replaces a volume, or makes it.</summary>
    /// <exception cref="MachineException">The file holds no volume, the machine runs, or nobody agreed.</exception>
    public async Task ImportAsync(string name, string file, IConsent consent, Func<IProgressSink> progress, CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(paths.Home);
        MachinePaths.CreatePrivate(folders.State);
        using var held = await HoldAsync(cancel);
        if (store.List().FirstOrDefault(known => known.Name == name) is { } present)
        {
            consent.Require($"{Lost(present)} is replaced", "Replace it?", $"dotnet machine volume import {name} {file} --yes", "nothing was changed");
        }

        progress().Step($"reading {file}");
        await store.ImportAsync(name, file, cancel);
    }

    /// <param name="names">None means all.</param>
    /// <param name="tell">Told of each what it took before and takes now, in bytes.</param>
    /// <exception cref="MachineException">One is not there, or the machine runs.</exception>
    public async Task CompactAsync(IReadOnlyList<string> names, Action<string, long, long> tell, Func<IProgressSink> progress, CancellationToken cancel)
    {
        IReadOnlyList<string> volumes = names.Count > 0 ? names : [.. store.List().Select(volume => volume.Name)];
        foreach (var volume in volumes)
        {
            store.Require(volume);
        }

        using var held = await HoldAsync(cancel);
        foreach (var volume in volumes)
        {
            progress().Step($"compacting {volume}");
            var (before, after) = await store.CompactAsync(volume, cancel);
            tell(volume, before, after);
        }
    }

    private static string Lost(VolumeInfo volume) => volume.Name == VolumeStore.Workspace
        ? $"the volume {volume.Name} ({HumanText.Size(volume.Bytes)}), and with it every change that is held,"
        : $"the volume {volume.Name} ({HumanText.Size(volume.Bytes)})";

    private Task<IDisposable> HoldAsync(CancellationToken cancel) => MachineAtRest.HoldAsync(folders, engine, cancel);
}
