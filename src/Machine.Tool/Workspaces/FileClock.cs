namespace Machine.Tool.Workspaces;

/// <summary>
/// The clock that the host's file system stamps files with: a file of our own is written, and its stamp read. "Changed since the
/// command began" must be asked of that clock. Linux stamps with the time of the last timer tick, so a file written after
/// <see cref="DateTimeOffset.UtcNow"/> was read can look older than it (4 ms, on a virtual host far more); since 6.13 also with the
/// exact time, where somebody looked at the last stamp, and then no later stamp of any file is earlier.
/// </summary>
/// <param name="folder">Of this host's, writable; the file stays.</param>
internal sealed class FileClock(string folder)
{
    public DateTimeOffset Now()
    {
        var file = Path.Combine(folder, "clock");
        File.WriteAllBytes(file, []);
        _ = File.GetLastWriteTimeUtc(file);
        File.WriteAllBytes(file, [1]);
        return new DateTimeOffset(File.GetLastWriteTimeUtc(file));
    }
}
