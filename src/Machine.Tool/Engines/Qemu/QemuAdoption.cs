using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Finds a QEMU that an earlier supervisor started and that still runs, by its process id and its UUID.</summary>
internal static class QemuAdoption
{
    private static readonly TimeSpan Timeout = TimeLimit.Seconds(15);

    /// <summary>Null when none runs, or what runs is of no use; nothing of it is left then.</summary>
    public static async Task<QemuMachine?> FindAsync(QemuPlaces places, CancellationToken cancel)
    {
        if (QemuState.Read(places) is not { } state)
        {
            places.Forget();
            return null;
        }

        // A start that was interrupted has left no process id, but its QEMU may have come up since.
        var found = state.Process is { } known ? [known] : HostProcess.WithArgument(state.Uuid.ToString()).ToList();
        var alive = found.Where(process => process.IsAlive).ToList();
        if (state.Process is not null && alive is [var process] && await TryAttachAsync(places, state, process, cancel) is { } machine)
        {
            return machine;
        }

        if (state.Process is null && !OperatingSystem.IsLinux())
        {
            await QuitUnfinishedAsync(places, state, cancel);
        }

        foreach (var useless in alive)
        {
            await useless.KillAsync(cancel);
        }

        places.Forget();
        return null;
    }

    // Where a process can't be found by its arguments, its socket in our own folder finds it.
    private static async Task QuitUnfinishedAsync(QemuPlaces places, QemuState state, CancellationToken cancel)
    {
        try
        {
            await using var qmp = await QmpClient.ConnectAsync(places.QmpSocket, onEvent: null, isAlive: () => false, Timeout, cancel);
            if (Guid.TryParse((await qmp.ExecuteAsync("query-uuid", null, cancel)).TextOf("UUID"), out var uuid) && uuid == state.Uuid)
            {
                await qmp.ExecuteAsync("quit", null, cancel);
            }
        }
        catch (MachineException)
        {
            // Nobody is there.
        }
    }

    private static async Task<QemuMachine?> TryAttachAsync(QemuPlaces places, QemuState state, HostProcess process, CancellationToken cancel)
    {
        try
        {
            var machine = await QemuMachine.AttachAsync(places, state, process, newConsole: false, Timeout, cancel);
            var status = await machine.StatusAsync(cancel);
            var standsStill = status is "paused" or "postmigrate" or "finish-migrate";
            if (standsStill && state.FreezingInto is { } freezing && !FrozenState.IsWhole(freezing))
            {
                await QemuFreeze.GoOnAsync(machine, places, state, cancel);
                return machine;
            }

            // All of it was loaded, as what it came from was given up: it only lacks its first step.
            if (standsStill && state.ThawingFrom is { } thawing && !FrozenState.IsWhole(thawing))
            {
                await machine.Qmp.ExecuteAsync("cont", null, cancel);
                (state with { ThawingFrom = null }).Write(places);
                return machine;
            }

            if (status == "io-error")
            {
                machine.WaitForSpace();
            }

            // One that was frozen to the end is of no use but for its files; one that was not loaded to the end is loaded again.
            if (!(standsStill && (state.FreezingInto ?? state.ThawingFrom) is not null) && status is not ("prelaunch" or "inmigrate" or "internal-error" or "guest-panicked" or "shutdown"))
            {
                return machine;
            }

            await machine.DisposeAsync();
        }
        catch (Exception e) when (e is MachineException or System.Net.Sockets.SocketException)
        {
            // It hangs, or its sockets are gone: nobody can use it any more.
        }

        return null;
    }
}
