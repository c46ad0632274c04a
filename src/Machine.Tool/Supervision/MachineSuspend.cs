using System.Diagnostics.CodeAnalysis;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Freezes a running machine with the work that is open in it.</summary>
internal sealed class MachineSuspend(ProjectMachine folders, ILogger logger)
{
    private static readonly TimeSpan Patience = TimeLimit.Minutes(3);

    /// <returns>Why it stays up; null when it is suspended and its process has ended.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever it was: the machine must not stay \"suspending\" for ever.")]
    public async Task<string?> RunAsync(RunningMachine running, IFreezable freezable)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            string? reason;
            try
            {
                reason = await running.LetGoOfSharesAsync(folders.Project.Path, patience.Token);
            }
            finally
            {
                await running.DisconnectAsync();
            }

            if (reason is null)
            {
                await freezable.FreezeAsync(Suspension.Folder(folders.State), patience.Token);
                logger.LogInformation("suspended");
            }

            await running.Machine.DisposeAsync();
            return reason;
        }
        catch (Exception e)
        {
            logger.LogWarning(e, "the machine was not suspended");
            await TryAsync(() => { Suspension.Forget(folders.State); return ValueTask.CompletedTask; });
            await TryAsync(running.Machine.DisposeAsync);
            return e is OperationCanceledException ? $"it did not come to rest within {Patience.TotalMinutes:0} minutes" : e.Message;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Each step is tried, whatever became of the one before.")]
    private async ValueTask TryAsync(Func<ValueTask> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            logger.LogWarning(e, "after a suspension that failed");
        }
    }
}
