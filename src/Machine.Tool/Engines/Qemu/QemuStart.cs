using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>One attempt at starting a machine: it runs and is remembered afterwards, or nothing of it is left.</summary>
internal static class QemuStart
{
    // QEMU is ready in 0.1 s; with much memory to lay out on a busy host in several.
    private static readonly TimeSpan Timeout = TimeLimit.Seconds(60);

    /// <exception cref="PortTakenException">Somebody else listens at the ssh port.</exception>
    public static async Task<QemuMachine> RunAsync(QemuProgram program, MachineSpec spec, QemuPlaces places, QemuLaunch launch, IReadOnlyList<(string Path, bool Write)> disks, CancellationToken cancel)
    {
        // Before QEMU exists: whoever finds this folder after a crash knows what to look for.
        var build = new QemuBuild(
            program.Identity, spec.Slots, launch.Balloon, MemoryIsFile: spec.MemoryFile is not null, [.. spec.Shares.Select(share => share.Tag)], [.. spec.Volumes.Select(volume => volume.Serial)]);
        var state = new QemuState
        {
            Uuid = launch.Uuid,
            SshPort = launch.SshPort,
            Accelerator = launch.Accelerator.Name,
            RootIsEphemeral = launch.RootIsEphemeral,
            Build = build,
            ThawingFrom = spec.Thaw?.Folder,
            MemoryBytes = spec.MemoryBytes,
        };
        state.Write(places);
        HostProcess? process = null;
        try
        {
            var child = QemuLauncher.Start(program.Path, QemuArguments.Build(spec, launch), places.Log, QemuConfinement.Of(program, spec, launch, places, disks));
            process = HostProcess.Find(child.Id);
            await WaitForSocketAsync(child, places, cancel);
            process = QemuLauncher.Forks ? HostProcess.Find(int.Parse(await File.ReadAllTextAsync(places.PidFile, cancel))) : process;
            state = state with { Process = process ?? throw Ended(places) };
            var machine = await AttachAsync(places, state, process, cancel);
            try
            {
                state.Write(places);
                if (spec.Thaw is { } frozen)
                {
                    await ThawAsync(machine, spec, frozen, places, launch, cancel);
                }

                // What it was thawed from may be given up already: there is no way back.
                await machine.Qmp.ExecuteAsync("cont", null, CancellationToken.None);
                if (state.ThawingFrom is not null)
                {
                    (state with { ThawingFrom = null }).Write(places);
                }

                return machine;
            }
            catch
            {
                await machine.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await (process?.KillAsync(CancellationToken.None) ?? Task.CompletedTask);
            places.Forget();
            throw;
        }
    }

    private static async Task ThawAsync(
        QemuMachine machine, MachineSpec spec, FrozenMachine frozen, QemuPlaces places, QemuLaunch launch, CancellationToken cancel)
    {
        try
        {
            await StateTransfer.LoadAsync(machine.Qmp, places.StateSocket, FrozenState.StateFile(frozen.Folder), frozen.MemoryFile is not null, cancel);
        }
        catch (CannotThawException e) when (ConsoleLog.Tail(places.Log, 2) is { Length: > 0 } words)
        {
            // It hangs up, and says why in its log.
            throw new CannotThawException($"{e.Message} (QEMU: {words.ReplaceLineEndings(" ").Trim()})", e);
        }

        foreach (var device in QemuDevices.AfterThaw(spec, launch))
        {
            await machine.Qmp.ExecuteAsync("device_add", device, cancel);
        }

        if (frozen.MemoryFile is null)
        {
            // From its first step on, its disks are newer than the frozen memory: that must never be thawed again.
            // The file that it maps lives as long as the mapping.
            FrozenState.Delete(frozen.Folder);
        }
    }

    private static async Task<QemuMachine> AttachAsync(QemuPlaces places, QemuState state, HostProcess process, CancellationToken cancel)
    {
        try
        {
            return await QemuMachine.AttachAsync(places, state, process, newConsole: true, Timeout, cancel);
        }
        catch (MachineException)
        {
            // It may be on its way out: its words come before its end.
            using var soon = new CancellationTokenSource(TimeLimit.Seconds(1));
            await process.WaitForExitAsync(soon.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (process.IsAlive)
            {
                throw;
            }

            throw Ended(places);
        }
    }

    private static async Task WaitForSocketAsync(LaunchedProcess child, QemuPlaces places, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        // The pid file and the console's socket are there before this one.
        while (!File.Exists(places.QmpSocket))
        {
            if (child.HasFailed())
            {
                throw Ended(places);
            }

            if (clock.Elapsed > Timeout)
            {
                throw new MachineException($"QEMU was not ready within {Timeout.TotalSeconds:0} s", exitCode: ExitCode.MachineUnavailable);
            }

            await Task.Delay(5, cancel);
        }
    }

    private static Exception Ended(QemuPlaces places)
    {
        var words = ConsoleLog.Tail(places.Log, 8);
        if (words.Contains("Could not set up host forwarding rule", StringComparison.Ordinal))
        {
            return new PortTakenException(words);
        }

        var remedy =
            words.Contains("lock", StringComparison.Ordinal) ? "another machine uses this disk: dotnet machine list"
            : words.Contains("memory", StringComparison.Ordinal) ? "give the machine less memory"
            : words.Contains("No space left", StringComparison.Ordinal) ? $"free some space on the disk that holds {places.Folder}"
            : "dotnet machine doctor";
        return new MachineException($"QEMU ended at once:\n{HostProgram.LastLines(words, 8)}", remedy, ExitCode.MachineUnavailable);
    }
}

/// <summary>Somebody took the port between choosing and using it.</summary>
internal sealed class PortTakenException(string message) : Exception(message);
