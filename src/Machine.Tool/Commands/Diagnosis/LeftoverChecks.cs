using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>What crashes and vanished projects leave on this host.</summary>
internal static class LeftoverChecks
{
    private const string Name = "leftovers";

    public static async Task<IReadOnlyList<CheckResult>> RunAsync(MachinePaths paths, CancellationToken cancel)
    {
        var findings = new List<CheckResult>();
        var machines = KnownMachines.All(paths);
        foreach (var machine in machines)
        {
            if (await OfAsync(paths, machine, cancel) is { } finding)
            {
                findings.Add(finding);
            }
        }

        findings.AddRange(HalfDestroyed(paths));
        findings.AddRange(Ownerless(paths, machines));
        return findings.Count > 0 ? findings : [CheckResult.Ok(Name, "none")];
    }

    private static async Task<CheckResult?> OfAsync(MachinePaths paths, KnownMachine machine, CancellationToken cancel)
    {
        if (machine.Project is not { } project)
        {
            return new CheckResult(Name, CheckStatus.Warning, $"{machine.Folders.State} does not tell whose machine it is", $"dotnet machine destroy {machine.Id}");
        }

        var running = await SupervisorClient.TryStatusAsync(paths, machine, cancel) is not null;
        // A suspended one is not touched: to end what is left of it would be to end it.
        if (!running && !Suspension.IsThere(machine.Folders.State) && machine.Folders.HasLeftovers)
        {
            return new CheckResult(Name, CheckStatus.Warning, $"{machine.Id} has no supervisor, but sockets or a virtual machine are left of it", "dotnet machine doctor --fix")
            {
                Repair = async stop =>
                {
                    var client = SupervisorClient.For(paths, project);
                    await client.StopAsync(stop);
                },
            };
        }

        return machine.ProjectExists
            ? null
            : new CheckResult(Name, CheckStatus.Warning, $"{machine.Id} belongs to {project.Path}, which is gone", $"dotnet machine destroy {machine.Id}");
    }

    private static IEnumerable<CheckResult> HalfDestroyed(MachinePaths paths) =>
        !Directory.Exists(paths.Machines) ? [] :
        Directory.EnumerateDirectories(paths.Machines, MachineAtRest.Rubbish + "*").Select(folder =>
            new CheckResult(Name, CheckStatus.Warning, $"{folder} was being destroyed", "dotnet machine doctor --fix") { Repair = _ => DeleteAsync(folder) });

    private static IEnumerable<CheckResult> Ownerless(MachinePaths paths, IReadOnlyList<KnownMachine> machines)
    {
        var owned = machines.Select(machine => machine.Folders.Runtime).ToHashSet(StringComparer.Ordinal);
        return !Directory.Exists(paths.Runtime) ? [] :
            Directory.EnumerateDirectories(paths.Runtime).Where(folder => !owned.Contains(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()).Select(folder =>
                new CheckResult(Name, CheckStatus.Warning, $"{folder} belongs to no machine", "dotnet machine doctor --fix") { Repair = _ => DeleteAsync(folder) });
    }

    private static Task DeleteAsync(string folder)
    {
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }
}
