using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>A machine that takes commands, with everything that serves it.</summary>
internal sealed class RunningMachine(
    IEngineMachine machine, GuestConnection guest, SshMaster master, ServiceHost services, Machinefile machinefile, MachineRecord record, ILogger logger)
    : IAsyncDisposable
{
    private int disposed;

    public IEngineMachine Machine => machine;

    public GuestConnection Guest => guest;

    public Machinefile Machinefile => machinefile;

    public MachineRecord Record => record;

    public async Task StopAsync(TimeSpan grace, CancellationToken cancel)
    {
        // What was written must be on the volumes even when the guest ignores the power button.
        using var flush = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        flush.CancelAfter(grace);
        try
        {
            await Ssh.TryRunAsync(guest, "sync", flush.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            logger.LogWarning("the guest did not sync within {Grace}", grace);
        }

        await machine.PowerOffAsync(grace, cancel);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // The watcher of the machine's end and a stop may both come here.
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await master.CloseAsync(CancellationToken.None);
        await services.DisposeAsync();
        await machine.DisposeAsync();
    }
}
