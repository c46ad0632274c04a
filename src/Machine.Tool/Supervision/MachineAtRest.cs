using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>Holds a machine that does not run, so that nobody starts it while its disks are touched or taken away.</summary>
internal static class MachineAtRest
{
    /// <summary>How the name of a machine's folder begins whose deletion was cut off; <c>doctor</c> finds it.</summary>
    public const string Rubbish = ".destroyed-";

    /// <exception cref="MachineException">It runs.</exception>
    public static async Task<IDisposable> HoldAsync(MachinePaths paths, string id, IEngine engine, CancellationToken cancel)
    {
        var held = FileLock.TryAcquire(LockOf(paths, id)) ?? throw Running(id);
        try
        {
            // A machine whose supervisor died runs without anybody holding the lock.
            if (await engine.AdoptAsync(paths.MachineFolder(id), paths.RequireRuntime(id), cancel) is { } machine)
            {
                await machine.DisposeAsync();
                throw Running(id);
            }

            if (Suspension.IsThere(paths.MachineFolder(id)))
            {
                // Its frozen memory knows what is on its disks.
                throw new MachineException($"{id} is suspended", "dotnet machine stop   (forgets what runs in it; volumes and held changes stay)", ExitCode.Failed);
            }

            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Ends what still runs of a stopped machine and deletes all that this host keeps of it.</summary>
    public static async Task DestroyAsync(MachinePaths paths, string id, IEngine engine, CancellationToken cancel)
    {
        var state = paths.MachineFolder(id);
        var runtime = paths.RequireRuntime(id);
        using var held = await FileLock.AcquireAsync(LockOf(paths, id), waiting: null, cancel);
        if (await engine.AdoptAsync(state, runtime, cancel) is { } machine)
        {
            await machine.KillAsync(cancel);
            await machine.DisposeAsync();
        }

        if (File.Exists(Path.Combine(runtime, "ssh")))
        {
            // The shared connection outlives a supervisor that was killed; only its socket matters to this request.
            await HostProgram.TryRunAsync(Ssh.Program, Ssh.Arguments(new GuestConnection(1, "none", "none", Path.Combine(runtime, "ssh")), "-O", "exit"), cancel);
        }

        MachineProject.Keep(state);

        AtomicDelete.Folder(state, $"{Rubbish}{id}-");
        if (Directory.Exists(runtime))
        {
            Directory.Delete(runtime, recursive: true);
        }
    }

    private static string LockOf(MachinePaths paths, string id) => Path.Combine(paths.MachineFolder(id), "supervisor.lock");

    private static MachineException Running(string id) =>
        new($"{id} is running", "dotnet machine stop", ExitCode.Failed);
}
