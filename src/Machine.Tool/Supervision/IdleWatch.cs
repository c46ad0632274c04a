using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>
/// Suspends a machine that nobody uses: no command runs, no connection to a port of it is open, and it does nothing by
/// itself, for as long as its Machinefile says.
/// </summary>
internal sealed class IdleWatch(MachineLifecycle lifecycle, ILogger logger)
{
    /// <summary>Of one processor. An emulated guest that does nothing takes some of it: its clock ticks.</summary>
    private const double Busy = 0.25;

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(15);

    public async Task RunAsync(CancellationToken cancel)
    {
        // Not the time of day: it jumps, and it goes on while this host sleeps.
        var idleSince = Stopwatch.GetTimestamp();
        (TimeSpan Processor, long At) last = default;
        while (!cancel.IsCancellationRequested)
        {
            await Task.Delay(Step, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancel.IsCancellationRequested || lifecycle.Running is not { Machinefile.Idle: { } limit } machine)
            {
                continue;
            }

            var now = (Processor: machine.Machine.ProcessorTime, At: Stopwatch.GetTimestamp());
            var used = last == default ? double.MaxValue : (now.Processor - last.Processor) / Stopwatch.GetElapsedTime(last.At, now.At);
            last = now;
            // One that waits for disk space takes no processor either, and could not answer.
            if (lifecycle.InUse || used > Busy || machine.Machine.Trouble is not null || machine.Ports.AreInUse)
            {
                idleSince = now.At;
            }

            if (Stopwatch.GetElapsedTime(Math.Max(idleSince, lifecycle.LastUsed), now.At) >= limit)
            {
                // Whether it can or not: the next attempt comes after as long a time.
                idleSince = now.At;
                var reason = await lifecycle.SuspendAsync();
                logger.LogInformation("unused for {Limit}: {Outcome}", limit, reason ?? "suspended");
            }
        }
    }
}
