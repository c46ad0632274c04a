using System.Net;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>A running QEMU. Disposing lets go of it; the process stays, and can be adopted again.</summary>
internal sealed class QemuMachine : IEngineMachine, IFreezable, IHostedMachine
{
    // A guest that is still booting hears no power button: press again.
    private static readonly TimeSpan PowerButtonInterval = TimeSpan.FromSeconds(3);
    // Between its last word and its end lies the giving back of its memory.
    private static readonly TimeSpan HangUpGrace = TimeLimit.Seconds(30);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan QuitGrace = TimeLimit.Seconds(5);

    private readonly QemuPlaces places;
    private readonly HostProcess process;
    private readonly HashSet<string> unplugged = new(StringComparer.Ordinal);
    private readonly QemuState state;
    private readonly FullDisk fullDisk = new();
    private readonly CancellationTokenSource disposed = new();
    private QmpClient? qmp;
    private ConsoleLog? console;
    private volatile bool expected;
    private volatile bool frozen;
    private volatile bool misbehaved;
    private volatile string? shutdownReason;

    private QemuMachine(QemuPlaces places, QemuState state, HostProcess process)
    {
        this.places = places;
        this.state = state;
        this.process = process;
        Ssh = new IPEndPoint(IPAddress.Loopback, state.SshPort);
        Exited = Task.FromResult("");
    }

    public int ProcessId => process.Id;

    public IPEndPoint Ssh { get; }

    public string Accelerator => state.Accelerator;

    public TimeSpan ProcessorTime => process.ProcessorTime();

    public long? MemoryBytes => ProcessMemory.ProportionalBytes(process.Id);

    public string? Weakness => state.Accelerator == Emulation.Name ? Emulation.Weakness : null;

    public Task<string> Exited { get; private set; }

    public string? Trouble => fullDisk.Trouble;

    internal QmpClient Qmp => qmp ?? throw new InvalidOperationException("not attached");

    /// <summary>Connects to a process and makes sure that it is the one that <paramref name="state"/> describes.</summary>
    /// <exception cref="MachineException">It does not answer, or it is another one.</exception>
    public static async Task<QemuMachine> AttachAsync(
        QemuPlaces places, QemuState state, HostProcess process, bool newConsole, TimeSpan timeout, CancellationToken cancel)
    {
        var machine = new QemuMachine(places, state, process);
        try
        {
            machine.qmp = await QmpClient.ConnectAsync(places.QmpSocket, machine.OnEvent, () => process.IsAlive, timeout, cancel);
            var uuid = (await machine.qmp.ExecuteAsync("query-uuid", null, cancel, timeout)).TextOf("UUID");
            if (!Guid.TryParse(uuid, out var answered) || answered != state.Uuid)
            {
                throw new MachineException($"another machine answers at {places.QmpSocket}", exitCode: ExitCode.MachineUnavailable);
            }

            machine.console = await ConsoleLog.AttachAsync(places.ConsoleSocket, places.Console, append: !newConsole, cancel);
            machine.Exited = machine.WatchAsync();
            _ = ConsoleLog.KeepShortAsync(places.Log, LogInterval, machine.disposed.Token);
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    /// <summary><c>running</c>, <c>prelaunch</c>, <c>paused</c>, <c>io-error</c>, …</summary>
    public async Task<string> StatusAsync(CancellationToken cancel) =>
        (await Qmp.ExecuteAsync("query-status", null, cancel)).RequireText("status");

    public async Task PowerOffAsync(TimeSpan grace, CancellationToken cancel)
    {
        expected = true;
        var deadline = DateTime.UtcNow + grace;
        while (DateTime.UtcNow < deadline && await TryAsync("system_powerdown", cancel))
        {
            var rest = deadline - DateTime.UtcNow;
            // The answer may have taken longer than the rest.
            await ExitsWithinAsync(TimeSpan.FromTicks(Math.Clamp(rest.Ticks, 0, PowerButtonInterval.Ticks)), cancel);
        }

        // "quit" writes out what QEMU holds of the disks; a kill would not.
        if (await TryAsync("quit", cancel))
        {
            await ExitsWithinAsync(QuitGrace, cancel);
        }

        await KillAsync(cancel);
    }

    public async Task KillAsync(CancellationToken cancel)
    {
        expected = true;
        await process.KillAsync(cancel);
        await Exited.WaitAsync(cancel);
    }

    public async Task FreezeAsync(string folder, CancellationToken cancel)
    {
        await QemuFreeze.RunAsync(this, places, state, folder, cancel);
        frozen = true;
        // From here on what is on disk is the machine: nobody may take this for a failure any more.
        await PowerOffAsync(TimeSpan.Zero, CancellationToken.None);
    }

    /// <summary>Devices that the guest let go of since the last question.</summary>
    internal bool SharesAreUnplugged(int count)
    {
        lock (unplugged)
        {
            if (!Enumerable.Range(0, count).All(index => unplugged.Contains(QemuDevices.ShareDevice(index))))
            {
                return false;
            }

            unplugged.Clear();
            return true;
        }
    }

    /// <summary>Of one that was adopted while its guest stood still for want of disk space.</summary>
    internal void WaitForSpace() => fullDisk.Found(places.Folder, () => TryAsync("cont", disposed.Token), disposed.Token);

    public string ConsoleTail(int lines) => ConsoleLog.Tail(places.Console, lines);

    public async ValueTask DisposeAsync()
    {
        if (disposed.IsCancellationRequested)
        {
            return;
        }

        await disposed.CancelAsync();
        if (qmp is not null)
        {
            await qmp.DisposeAsync();
        }

        if (console is not null)
        {
            await console.DisposeAsync();
        }

        await ((Task)Exited).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        disposed.Dispose();
    }

    private void OnEvent(string name, JsonElement data)
    {
        switch (name)
        {
            case "SHUTDOWN":
                shutdownReason = data.TextOf("reason");
                break;
            case "BLOCK_IO_ERROR":
                fullDisk.Report(places.Folder, data, () => TryAsync("cont", disposed.Token), disposed.Token);
                break;
            case "DEVICE_DELETED" when data.TextOf("device") is { } device:
                lock (unplugged)
                {
                    // Only names that are waited for: one that says others without end fills no memory.
                    if (state.Build.ShareTags.Where((_, index) => QemuDevices.ShareDevice(index) == device).Any())
                    {
                        unplugged.Add(device);
                    }
                }

                break;
            default:
                break;
        }
    }

    private async Task<bool> TryAsync(string command, CancellationToken cancel)
    {
        try
        {
            await Qmp.ExecuteAsync(command, null, cancel, QuitGrace);
            return true;
        }
        catch (MachineException)
        {
            // It ended, or it hangs: the caller's next means is stronger.
            return false;
        }
    }

    private async Task ExitsWithinAsync(TimeSpan time, CancellationToken cancel)
    {
        try
        {
            await Exited.WaitAsync(time, cancel);
        }
        catch (TimeoutException)
        {
            // The loop's condition tells.
        }
    }

    private async Task<string> WatchAsync()
    {
        await Qmp.Closed;
        await EndAsync();
        if (OperatingSystem.IsLinux())
        {
            Confinement.ConfinedProcess.Bury(process.Id);
        }

        var peaceful = expected || shutdownReason is "guest-shutdown" or "host-qmp-quit";
        var words = peaceful ? "" : LastWords();
        if (QemuState.Read(places)?.Uuid == state.Uuid)
        {
            places.Forget();
            if (peaceful && state.RootIsEphemeral && !frozen)
            {
                QemuPlaces.Delete(places.EphemeralRoot);
            }
        }

        return words;
    }

    // Without its control connection nobody can end it in peace: it goes, or it is made to go.
    private async Task EndAsync()
    {
        using var grace = CancellationTokenSource.CreateLinkedTokenSource(disposed.Token);
        grace.CancelAfter(Qmp.Misbehaved ? TimeSpan.Zero : HangUpGrace);
        try
        {
            await process.WaitForExitAsync(grace.Token);
        }
        catch (OperationCanceledException) when (!disposed.IsCancellationRequested)
        {
            misbehaved = true;
            await process.KillAsync(disposed.Token);
        }
    }

    private string LastWords() =>
        misbehaved ? "its control connection broke while it ran on, or said what no QEMU says: it was ended" :
        shutdownReason == "guest-reset" ? "the guest restarted, which ends its machine; a kernel panic does that too"
        : ConsoleLog.Tail(places.Log, 8) is { Length: > 0 } words ? words
        : $"process {process.Id} ended without a word: it was killed, or it crashed";
}
