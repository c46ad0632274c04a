using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Leaves clean file systems on a guest's volumes, so that its power may go at once: an orderly shutdown takes seconds, and the root disk is forgotten anyway.</summary>
internal static class VolumeFreeze
{
    /// <returns>False where the guest did not do it within <paramref name="grace"/>: it needs the orderly shutdown.</returns>
    public static async Task<bool> TryAsync(IGuestSession guest, Machinefile machinefile, TimeSpan grace, ILogger logger, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(grace);
        try
        {
            var volumes = string.Join(' ', VolumeStore.AllOf(machinefile).Values.Select(volume => Ssh.ShellQuote(volume.GuestPath)));
            var result = await guest.RunAsync($"sh {GuestLayout.Programs}/freeze.sh {volumes}", patience.Token);
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
        catch (MachineException e)
        {
            // Whatever keeps it from its guest, the machine is stopped.
            logger.LogWarning("the guest was not reached: {Reason}", e.Message);
        }

        return false;
    }
}
