using System.Runtime.InteropServices;

namespace Machine.Tool.Workspaces;

/// <summary>
/// The clock that the host's file system stamps files with. Linux stamps them with the time of the last timer tick, so a file
/// written after <see cref="DateTimeOffset.UtcNow"/> was read can look older than it: by 4 ms on a quiet host, by far more on
/// a virtual one whose processor was taken away. "Changed since the command began" must be asked of one clock.
/// </summary>
internal static partial class FileClock
{
    private const int RealtimeCoarse = 5;

    public static DateTimeOffset Now =>
        OperatingSystem.IsLinux() && ClockGetTime(RealtimeCoarse, out var time) == 0
            ? DateTimeOffset.UnixEpoch.AddTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
            : DateTimeOffset.UtcNow;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ClockGetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Time(nint Seconds, nint Nanoseconds);
}
