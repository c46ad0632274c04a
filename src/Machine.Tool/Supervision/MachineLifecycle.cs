using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Starts, adopts and stops one project's machine. One start runs at a time, and everybody waits for the same one.</summary>
internal sealed class MachineLifecycle(MachineFolders folders, MachinePaths paths, IEngine engine, ILoggerFactory logs, CancellationToken shutdown)
{
    private static readonly TimeSpan BootDeadline = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan PowerOffGrace = TimeSpan.FromSeconds(20);

    private readonly ILogger logger = logs.CreateLogger<MachineLifecycle>();
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
    private Task<RunningMachine>? start;
    private ProgressBroadcast progress = new();

    public MachineState State { get; private set; } = MachineState.Stopped;

    /// <summary>Completes when the machine has gone, by whatever cause; the supervisor then ends too.</summary>
    public Task Gone => gone.Task;

    public RunningMachine? Running => start is { IsCompletedSuccessfully: true } done ? done.Result : null;

    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins a start, or joins the one under way or done.</summary>
    public (Task<RunningMachine> Ready, ProgressBroadcast Progress) Start()
    {
        lock (gate)
        {
            if (State == MachineState.Stopping)
            {
                throw new MachineException("the machine is being stopped", "try again in a moment", ExitCode.MachineUnavailable);
            }

            if (start is null)
            {
                State = MachineState.Starting;
                progress = new ProgressBroadcast();
                start = Task.Run(() => StartAndWatchAsync(progress));
            }

            return (start, progress);
        }
    }

    /// <summary>Stops the machine, whatever it is doing; a start under way is given up.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        Task<RunningMachine>? current;
        lock (gate)
        {
            State = MachineState.Stopping;
            current = start;
        }

        await stopping.CancelAsync();
        try
        {
            if (current is not null)
            {
                var machine = await current;
                await machine.StopAsync(PowerOffGrace, cancel);
            }
            else if (await engine.AdoptAsync(folders.State, folders.Runtime, cancel) is { } left)
            {
                await left.PowerOffAsync(PowerOffGrace, cancel);
            }
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // The start was given up, and has ended what it had begun.
            logger.LogInformation("stop met a start that was given up: {Reason}", e.Message);
        }
        finally
        {
            gone.TrySetResult();
        }
    }

    private async Task<RunningMachine> StartAndWatchAsync(ProgressBroadcast sink)
    {
        try
        {
            var machine = await new MachineStart(folders, paths, engine, logs, sink).RunAsync(BootDeadline, stopping.Token);
            lock (gate)
            {
                if (State == MachineState.Starting)
                {
                    State = MachineState.Running;
                }
            }

            _ = WatchAsync(machine);
            return machine;
        }
        catch (Exception e)
        {
            logger.LogError(e, "the machine did not start");
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
            State = MachineState.Stopping;
        }

        await machine.DisposeAsync();
        gone.TrySetResult();
    }
}
