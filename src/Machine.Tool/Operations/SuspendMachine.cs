using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Operations;

/// <summary>What a machine was when it was to be suspended.</summary>
internal enum SuspendOutcome
{
    Suspended,
    SuspendedAlready,
    NotRunning,
}

/// <summary>Freezes a project's machine with its open work; it then takes no memory and no process.</summary>
internal static class SuspendMachine
{
    /// <exception cref="MachineException">Something works in it, or it lost its supervisor.</exception>
    public static async Task<SuspendOutcome> RunAsync(MachinePaths paths, ProjectRoot project, CancellationToken cancel)
    {
        var folders = new MachineFolders(paths, project.MachineId);
        var client = SupervisorClient.For(paths, project);
        if (client.TryStatus(cancel) is null)
        {
            return Suspension.IsThere(folders.State) ? SuspendOutcome.SuspendedAlready
                : !folders.HasLeftovers ? SuspendOutcome.NotRunning
                : throw new MachineException(
                    $"{project.MachineId} has lost its supervisor, and may be running", "dotnet machine start, and then dotnet machine suspend", ExitCode.MachineUnavailable);
        }

        return await client.SuspendAsync(cancel) is not { } reason ? SuspendOutcome.Suspended : throw new MachineException(
            $"{project.MachineId} cannot be suspended now: {Tainted.Line(reason)}", "dotnet machine status   shows what runs in it", ExitCode.Failed);
    }
}
