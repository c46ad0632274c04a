using Machine.Tool.Engines;
using Machine.Tool.Guest;
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

    /// <summary>
    /// Ends the machine. The root disk is forgotten anyway, so nothing waits for an orderly shutdown: the volumes are
    /// frozen, which leaves clean file systems, and the power goes.
    /// </summary>
    public async Task StopAsync(TimeSpan grace, CancellationToken cancel)
    {
        var frozen = await TryFreezeVolumesAsync(grace, cancel);
        await machine.PowerOffAsync(frozen ? TimeSpan.Zero : grace, cancel);
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

    private async Task<bool> TryFreezeVolumesAsync(TimeSpan grace, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(grace);
        try
        {
            var volumes = string.Join(' ', VolumeStore.AllOf(machinefile).Values.Select(volume => Ssh.ShellQuote(volume.GuestPath)));
            var result = await Ssh.TryRunAsync(guest, $"sh {GuestLayout.Programs}/freeze.sh {volumes}", patience.Token);
            if (result.ExitCode == 0)
            {
                return true;
            }

            logger.LogWarning("the guest did not freeze its volumes: {Error}", result.Error);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            logger.LogWarning("the guest did not freeze its volumes within {Grace}", grace);
        }

        return false;
    }
}
