using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Operations;

/// <summary>Stops a machine and deletes all that this host keeps of it; its outputs, images and the project stay.</summary>
internal static class DestroyMachine
{
    /// <param name="remedy">The command that is a yes, for whoever can't be asked.</param>
    /// <exception cref="MachineException">Nobody agreed, or another engine runs it.</exception>
    public static async Task RunAsync(KnownMachine machine, MachinePaths paths, IConsent consent, string remedy, CancellationToken cancel)
    {
        var engine = EngineCatalog.Of(paths, machine.Folders.State);
        var lost = Lost(machine, new VolumeStore(machine.Folders, engine));
        consent.Require($"destroying {machine.Id} ({Tainted.Line(machine.Record?.Project ?? "of an unknown project")}) loses:\n{lost}", "Destroy it?", remedy, "nothing was destroyed");
        if (machine.Project is { } project)
        {
            await SupervisorClient.For(paths, project).StopAsync(cancel);
        }

        await MachineAtRest.DestroyAsync(machine.Folders, engine, cancel);
    }

    private static string Lost(KnownMachine machine, VolumeStore store)
    {
        var lines = store.List().Select(volume => $"  volume {volume.Name}, {HumanText.Size(volume.Bytes)}")
            .Concat(Held(machine) is { } held ? [$"  {held}, nowhere else"] : [])
            .ToList();
        return lines.Count > 0 ? string.Join('\n', lines) : $"  its state, {HumanText.Size(DiskUsage.AllocatedBytesOfFolder(machine.Folders.State))}";
    }

    private static string? Held(KnownMachine machine)
    {
        try
        {
            return ChangeLedger.Load(machine.Folders.State).Held.Count is > 0 and var count ? HumanText.Count(count, "held change") : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "held changes, how many can't be read";
        }
    }
}
