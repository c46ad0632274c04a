using System.Diagnostics;

namespace Machine.Tool.Workspaces.Host;

/// <summary>
/// The clock that the host's file system stamps files with: a file of our own is written, and its stamp read. "Changed since the
/// command began" must be asked of that clock: Linux stamps with the time of the last timer tick, so a file written after
/// <see cref="DateTimeOffset.UtcNow"/> was read can look older than it (4 ms, on a virtual host far more).
/// </summary>
/// <param name="folder">Of this host's, writable; the file stays.</param>
internal sealed class FileClock(string folder)
{
    // A tick is 10 ms at most; some file systems stamp whole seconds or two.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// A moment that divides: what was written before this call has an earlier stamp, what is written after it has this one or a
    /// later one. So it waits for the next tick; since Linux 6.13, which stamps with the exact time a file whose last stamp somebody
    /// looked at and no later file with an earlier time, it need not.
    /// </summary>
    /// <param name="cancel">A file system with a coarse clock keeps it waiting for two seconds; no thread waits meanwhile.</param>
    public async ValueTask<DateTimeOffset> NowAsync(CancellationToken cancel)
    {
        var file = Path.Combine(folder, "clock");
        var before = Stamp(file);
        var now = Stamp(file);
        for (var waited = Stopwatch.StartNew(); now <= before && waited.Elapsed < Longest;)
        {
            await Task.Delay(1, cancel);
            now = Stamp(file);
        }

        return now;
    }

    private static DateTimeOffset Stamp(string file)
    {
        File.WriteAllBytes(file, [1]);
        return new DateTimeOffset(File.GetLastWriteTimeUtc(file));
    }
}
