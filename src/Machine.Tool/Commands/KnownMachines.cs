using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary>A machine that this host keeps state of.</summary>
/// <param name="Record">Null where it is missing or cannot be read.</param>
internal sealed record KnownMachine(string Id, string Folder, MachineRecord? Record)
{
    /// <summary>Null where nothing tells which project it belongs to.</summary>
    public ProjectRoot? Project { get; } = Record is { } record && new ProjectRoot(record.Project) is { } project && project.MachineId == Id ? project : null;

    public bool ProjectExists => Project is { } project && File.Exists(project.Machinefile);
}

/// <summary>The machines of this host, as their state folders tell.</summary>
internal static class KnownMachines
{
    public static IReadOnlyList<KnownMachine> All(MachinePaths paths) =>
        !Directory.Exists(paths.Machines) ? [] :
        [.. Directory.EnumerateDirectories(paths.Machines)
            .Where(folder => !Path.GetFileName(folder).StartsWith('.'))
            .Order(StringComparer.Ordinal)
            .Select(folder => new KnownMachine(Path.GetFileName(folder), folder, TryRead(folder)))];

    public static KnownMachine? Find(MachinePaths paths, string id) => All(paths).FirstOrDefault(machine => machine.Id == id);

    /// <summary>Sockets of a machine or of its supervisor; a machine that ended in peace leaves no more than a log.</summary>
    public static bool HasLeftovers(MachinePaths paths, string id) =>
        Directory.Exists(paths.MachineRuntime(id)) && Directory.EnumerateFileSystemEntries(paths.MachineRuntime(id)).Any(entry => !entry.EndsWith(".log", StringComparison.Ordinal));

    /// <summary>What its supervisor says; null when none runs, or it does not answer in time.</summary>
    public static async Task<MachineStatus?> TryStatusAsync(MachinePaths paths, KnownMachine machine, CancellationToken cancel)
    {
        if (machine.Project is null)
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeLimit.Seconds(5));
        var client = SupervisorClient.For(paths, machine.Project);
        try
        {
            return await Task.Run(() => client.TryStatus(limit.Token), limit.Token);
        }
        catch (Exception e) when (e is JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    private static MachineRecord? TryRead(string folder)
    {
        try
        {
            return MachineRecord.Read(folder);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
