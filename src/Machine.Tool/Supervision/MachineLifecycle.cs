using System.Diagnostics;
using Machine.Tool.Control;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Starts, adopts and stops one project's machine. One start runs at a time, and everybody waits for the same one.</summary>
/// <param name="sessions">How a guest at an address is talked to; null for <see cref="SshSession"/>.</param>
internal sealed class MachineLifecycle(
    ProjectMachine folders, MachinePaths paths, IEngine engine, ILoggerFactory logs, CancellationToken shutdown,
    GuestSessions? sessions = null)
{
    private static readonly TimeSpan BootDeadline = TimeLimit.Minutes(8);
    private static readonly TimeSpan PowerOffGrace = TimeLimit.Seconds(20);

    private readonly ILogger logger = logs.CreateLogger<MachineLifecycle>();
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
    private Task<RunningMachine>? start;
    private Task<string?>? suspension;
    private RunningMachine? watched;
    private ProgressBroadcast progress = new();
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int users;

    private GuestSessions Sessions => sessions ?? ((address, services) => new SshSession(address, services, logger));

    public MachineState State { get; private set; } = MachineState.Stopped;

    /// <summary>Completes when the machine has gone, by whatever cause; the supervisor then ends too.</summary>
    public Task Gone => gone.Task;

    public RunningMachine? Running => start is { IsCompletedSuccessfully: true } done ? done.Result : null;

    /// <summary>When the last command ended: a timestamp of <see cref="Stopwatch"/>.</summary>
    public long LastUsed { get; private set; } = Stopwatch.GetTimestamp();

    public bool InUse => Volatile.Read(ref users) > 0;

    /// <summary>Why the last attempt to suspend failed; null when there was none since.</summary>
    public string? Awake { get; private set; }

    /// <summary>Begins a start, or joins the one under way or done. The machine is in use until <see cref="Leave"/>.</summary>
    /// <returns>Null when this supervisor is ending with its machine: the next one is to be asked.</returns>
    public (Task<RunningMachine> Ready, ProgressBroadcast Progress)? Enter()
    {
        lock (gate)
        {
            if (MachineTransitions.IsEnding(State) || Running is { Machine.Exited.IsCompleted: true })
            {
                return null;
            }

            var before = State;
            if (Move(MachineEvent.Wanted) != before)
            {
                Begin(after: suspension);
            }

            users++;
            return (start!, progress);
        }
    }

    /// <summary>A user of the machine has gone.</summary>
    public void Leave()
    {
        lock (gate)
        {
            users--;
            LastUsed = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Freezes the running machine with its open work, and ends; whoever wants it meanwhile gets it resumed.</summary>
    /// <returns>Why it stays up; null when it is suspended.</returns>
    public async Task<string?> SuspendAsync()
    {
        Task<string?> freezing;
        lock (gate)
        {
            if (State != MachineState.Running || Running is not { } machine)
            {
                return $"it is {State.ToString().ToLowerInvariant()}";
            }

            if (users > 0)
            {
                return "a command is running";
            }

            if (machine.Machine.Trouble is { } trouble)
            {
                return trouble;
            }

            if (machine.Machine is not IFreezable freezable)
            {
                return $"the engine {engine.Name} freezes no machines";
            }

            // From here the process's end is expected, and does not end the supervisor.
            watched = null;
            Move(MachineEvent.SuspendAsked);
            start = null;
            freezing = suspension = Task.Run(() => new MachineSuspend(folders, logger).RunAsync(machine, freezable));
        }

        var reason = await freezing;
        lock (gate)
        {
            Awake = reason;
            suspension = null;

            // A start or stop asked for meanwhile has moved the state; nothing follows then.
            var before = State;
            var now = Move(reason is null ? MachineEvent.Frozen : MachineEvent.StayedUp);
            if (now == MachineState.Suspended)
            {
                gone.TrySetResult();
            }
            else if (now != before)
            {
                Begin(after: null);
            }
        }

        return reason;
    }

    /// <summary>Stops the machine, whatever it is doing; a start under way is given up.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        Task<RunningMachine>? current;
        Task? freezing;
        lock (gate)
        {
            Move(MachineEvent.StopAsked);
            current = start;
            freezing = suspension;
        }

        await stopping.CancelAsync();
        try
        {
            // The freeze may have failed; what still runs is stopped below.
            await (freezing ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (await StartedAsync(current, cancel) is { } machine)
            {
                await machine.StopAsync(PowerOffGrace, cancel);
            }
            else if (await engine.AdoptAsync(folders.State, folders.Runtime, cancel) is { } left)
            {
                await StopLeftAsync(left, cancel);
            }

            Suspension.Forget(folders.State);
            if (MachineRecord.TryRead(folders.State, out var record) && record.TemplateKey is not null)
            {
                // From now on its template may be removed.
                (record with { TemplateKey = null }).Save(folders.State);
            }
        }
        finally
        {
            gone.TrySetResult();
        }
    }

    // Stops a machine that a dead supervisor left; this one has no connection to its guest.
    private async Task StopLeftAsync(IEngineMachine left, CancellationToken cancel)
    {
        await using (left)
        {
            var frozen = false;
            try
            {
                var identity = await folders.IdentityAsync(cancel);
                var guest = Sessions(identity.At(left.Ssh, folders.SshControl), []);
                frozen = StartedMachine.Read(folders.State) is { } started && await VolumeFreeze.TryAsync(guest, started.Machinefile, PowerOffGrace, logger, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                // Whatever keeps it from its guest, the machine is stopped.
                logger.LogWarning("the guest was not reached: {Reason}", e.Message);
            }

            await left.PowerOffAsync(frozen ? TimeSpan.Zero : PowerOffGrace, cancel);
        }
    }

    // Null when no start succeeded; a machine that holds work still runs then, and is adopted.
    private async Task<RunningMachine?> StartedAsync(Task<RunningMachine>? current, CancellationToken cancel)
    {
        try
        {
            return current is null ? null : await current;
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            logger.LogInformation("stop met a start that was given up: {Reason}", e.Message);
            return null;
        }
    }

    // Called under the gate.
    private MachineState Move(MachineEvent happened) => State = MachineTransitions.Next(State, happened);

    // Called under the gate. What comes before reports its own failure.
    private void Begin(Task? after)
    {
        var sink = progress = new ProgressBroadcast();
        start = Task.Run(async () =>
        {
            await (after ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await StartAndWatchAsync(sink);
        });
    }

    private async Task<RunningMachine> StartAndWatchAsync(ProgressBroadcast sink)
    {
        try
        {
            var machine = await new MachineStart(folders, paths, engine, logs, sink, Sessions).RunAsync(BootDeadline, stopping.Token);
            lock (gate)
            {
                watched = machine;
                Move(MachineEvent.Ready);
            }

            _ = WatchAsync(machine);
            return machine;
        }
        catch (Exception e)
        {
            logger.LogError(e, "the machine did not start");
            lock (gate)
            {
                Move(MachineEvent.Failed);
            }

            gone.TrySetResult();
            throw;
        }
        finally
        {
            sink.End();
        }
    }

    private async Task WatchAsync(RunningMachine machine)
    {
        var words = await machine.Machine.Exited;
        logger.LogInformation("the machine's process ended. {Words}", words);
        lock (gate)
        {
            if (watched != machine)
            {
                return;
            }

            Move(MachineEvent.Ended);
        }

        await machine.DisposeAsync();
        gone.TrySetResult();
    }
}
