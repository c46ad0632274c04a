using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Freezes a machine: it stands still, its state goes into files, its process ends. Or it goes on as if nothing had been.</summary>
internal static class QemuFreeze
{
    private static readonly TimeSpan UnplugDeadline = TimeLimit.Seconds(20);

    // QEMU looks at each page of a mapped memory when it is suspended again, which takes an emulated host three seconds a gigabyte.
    private const long MostMapped = 16L << 30;

    /// <summary>Returns when the state is safe on disk; QEMU then only waits for its end.</summary>
    public static async Task RunAsync(QemuMachine machine, QemuPlaces places, QemuState state, string folder, CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(folder);
        QemuPlaces.Delete(FrozenState.Description(folder));
        // Whoever finds this machine standing still looks there whether it was frozen.
        (state with { FreezingInto = folder }).Write(places);
        try
        {
            await UnplugAsync(machine, state, cancel);
            await machine.Qmp.ExecuteAsync("stop", null, cancel);
            var (version, bytes) = await SaveAsync(machine, places, state, folder, cancel);
            if (state.RootIsEphemeral)
            {
                Flush(places.EphemeralRoot);
            }

            new FrozenState(version, bytes, state.Build).Write(folder);
        }
        catch (Exception e) when (e is not CannotThawException)
        {
            FrozenState.Delete(folder);
            await GoOnAsync(machine, places, state, CancellationToken.None);
            throw e is MachineException or OperationCanceledException ? e : new MachineException($"the machine can't be frozen: {e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
    }

    /// <summary>Brings a machine that stands still back: what was unplugged is plugged in.</summary>
    public static async Task GoOnAsync(QemuMachine machine, QemuPlaces places, QemuState state, CancellationToken cancel)
    {
        foreach (var device in QemuDevices.Shares(state.Build.ShareTags))
        {
            try
            {
                await machine.Qmp.ExecuteAsync("device_add", device, cancel);
            }
            catch (MachineException e) when (e.Message.Contains("Duplicate", StringComparison.OrdinalIgnoreCase))
            {
                // It was not unplugged.
            }
        }

        await machine.Qmp.ExecuteAsync("cont", null, cancel);
        (state with { FreezingInto = null }).Write(places);
    }

    // A template's memory is a file already; a machine's own goes into one, where it is known how.
    private static async Task<(int Version, long StateBytes)> SaveAsync(QemuMachine machine, QemuPlaces places, QemuState state, string folder, CancellationToken cancel)
    {
        if (!state.Build.MemoryIsFile && state.MemoryBytes is > 0 and <= MostMapped)
        {
            try
            {
                return (FrozenState.MemoryApart, await TransferAsync((FrozenState.MemoryFile(folder), state.MemoryBytes)));
            }
            catch (UnknownStreamException)
            {
                QemuPlaces.Delete(FrozenState.MemoryFile(folder));
            }
        }

        return (FrozenState.MemoryWithin, await TransferAsync(null));

        Task<long> TransferAsync((string File, long Bytes)? apart) =>
            StateTransfer.SaveAsync(machine.Qmp, places.StateSocket, FrozenState.StateFile(folder), state.Build.MemoryIsFile, apart, MostBytes(state), cancel);
    }

    // Its devices' state is some megabytes, those of a display more.
    private static long MostBytes(QemuState state) => (1L << 30) + (state.MemoryBytes is 0 ? long.MaxValue / 2 : state.MemoryBytes + (state.MemoryBytes / 8));

    // The guest lets go of a device when it gets to it.
    private static async Task UnplugAsync(QemuMachine machine, QemuState state, CancellationToken cancel)
    {
        foreach (var index in Enumerable.Range(0, state.Build.ShareTags.Count))
        {
            await machine.Qmp.ExecuteAsync("device_del", new { id = QemuDevices.ShareDevice(index) }, cancel);
        }

        var clock = Stopwatch.StartNew();
        while (!machine.SharesAreUnplugged(state.Build.ShareTags.Count))
        {
            if (clock.Elapsed > UnplugDeadline)
            {
                throw new MachineException("the guest did not let go of its shares", exitCode: ExitCode.MachineUnavailable);
            }

            await Task.Delay(5, cancel);
        }
    }

    // An ephemeral disk's flushes wait for no platter; now it must outlive a power failure.
    private static void Flush(string file)
    {
        using var disk = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        disk.Flush(flushToDisk: true);
    }
}
