using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Operations;

/// <summary>One machine as <c>list --json</c> prints it.</summary>
internal sealed record MachineListing
{
    public required string Id { get; init; }

    public string? Project { get; init; }

    /// <summary>Its Machinefile is still where it was.</summary>
    public required bool ProjectExists { get; init; }

    public required MachineState State { get; init; }

    /// <summary>What its state takes on this host's disk; its image, which others share, is not counted.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Its process' share of this host's memory while it runs.</summary>
    public long? MemoryBytes { get; init; }

    public string? Engine { get; init; }

    public string? Accelerator { get; init; }

    public string? ImageHash { get; init; }

    public DateTimeOffset? Started { get; init; }

    /// <summary>Every machine of this host, also those whose project is gone.</summary>
    public static Task<MachineListing[]> AllAsync(MachinePaths paths, CancellationToken cancel) =>
        Task.WhenAll(KnownMachines.All(paths).Select(async machine => Of(machine, await SupervisorClient.TryStatusAsync(paths, machine, cancel))));

    private static MachineListing Of(KnownMachine machine, MachineStatus? status) => new()
    {
        Id = machine.Id.Text,
        Project = machine.Record?.Project,
        ProjectExists = machine.ProjectExists,
        State = status?.State ?? (Suspension.IsThere(machine.Folders.State) ? MachineState.Suspended : MachineState.Stopped),
        DiskBytes = DiskUsage.AllocatedBytesOfFolder(machine.Folders.State),
        MemoryBytes = status?.MemoryBytes,
        Engine = status?.Engine ?? machine.Record?.Engine,
        Accelerator = status?.Accelerator,
        ImageHash = machine.Record?.ImageHash,
        Started = status?.Started,
    };
}
