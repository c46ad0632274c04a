using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>Holds a machine that does not run, so that nobody starts it while its disks are touched or taken away.</summary>
internal static class MachineAtRest
{
    /// <summary>How the name of a machine's folder begins whose deletion was cut off; <c>doctor</c> finds it.</summary>
    public const string Rubbish = ".destroyed-";

    /// <exception cref="MachineException">It runs.</exception>
    public static async Task<IDisposable> HoldAsync(MachineFolders folders, IEngine engine, CancellationToken cancel)
    {
        folders.RequireOwnRuntime();
        var held = FileLock.TryAcquire(folders.SupervisorLock) ?? throw Running(folders.Id);
        try
        {
            // A machine whose supervisor died runs without anybody holding the lock.
            if (await engine.AdoptAsync(folders.State, folders.Runtime, cancel) is { } machine)
            {
                await machine.DisposeAsync();
                throw Running(folders.Id);
            }

            if (Suspension.IsThere(folders.State))
            {
                // Its frozen memory knows what is on its disks.
                throw new MachineException($"{folders.Id} is suspended", "dotnet machine stop   (forgets what runs in it; volumes and held changes stay)", ExitCode.Failed);
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
    public static async Task DestroyAsync(MachineFolders folders, IEngine engine, CancellationToken cancel)
    {
        folders.RequireOwnRuntime();
        using var held = await FileLock.AcquireAsync(folders.SupervisorLock, waiting: null, cancel);
        if (KnownMachines.OwnsItsSockets(folders))
        {
            if (await engine.AdoptAsync(folders.State, folders.Runtime, cancel) is { } machine)
            {
                await machine.KillAsync(cancel);
                await machine.DisposeAsync();
            }

            if (File.Exists(folders.SshControl))
            {
                // The shared connection outlives a supervisor that was killed.
                await SshSession.AtSocket(folders.SshControl).CloseAsync();
            }

            if (Directory.Exists(folders.Runtime))
            {
                Directory.Delete(folders.Runtime, recursive: true);
            }
        }

        OutlivingFile.KeepAll(folders.State);
        AtomicDelete.Folder(folders.State, $"{Rubbish}{folders.Id}-");
    }

    private static MachineException Running(MachineId id) =>
        new($"{id} is running", "dotnet machine stop", ExitCode.Failed);
}
