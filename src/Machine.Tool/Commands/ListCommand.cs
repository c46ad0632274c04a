using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>list</c>: every machine of this host, also those whose project is gone.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Verb("list", "List the machines of this host")
        {
            Examples = ["dotnet machine list", "dotnet machine list --json"],
        };
        command.Aliases.Add("ls");
        command.Add(json);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancel)
    {
        var paths = MachinePaths.FromEnvironment();
        var machines = await Task.WhenAll(KnownMachines.All(paths).Select(async machine =>
            MachineListing.Of(machine, await SupervisorClient.TryStatusAsync(paths, machine, cancel))));
        if (json)
        {
            Say.Json(machines);
            return ExitCode.Ok;
        }

        if (machines.Length == 0)
        {
            Say.Aside("there are no machines on this host");
            return ExitCode.Ok;
        }

        var table = new ReportTable("MACHINE", "STATE", "DISK", "MEMORY", "PROJECT");
        foreach (var machine in machines)
        {
            table.Add(
                machine.Id,
                machine.State.ToString().ToLowerInvariant(),
                HumanText.Size(machine.DiskBytes),
                machine.MemoryBytes is { } memory ? HumanText.Size(memory) : "-",
                (machine.Project is { } project ? Tainted.Line(project, int.MaxValue) : "unknown") + (machine.ProjectExists ? "" : " (gone)"));
        }

        table.Print();
        if (machines.Sum(machine => machine.MemoryBytes ?? 0) is > 0 and var total)
        {
            Say.Aside($"{HumanText.Size(total)} of this host's memory in all");
        }

        return ExitCode.Ok;
    }
}

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

    public static MachineListing Of(KnownMachine machine, MachineStatus? status) => new()
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
