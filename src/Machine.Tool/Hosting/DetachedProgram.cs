using System.Diagnostics;

namespace Machine.Tool.Hosting;

/// <summary>A program that outlives its starter, and whose words go to a file.</summary>
internal static class DetachedProgram
{
    // At the file's end: who bounds the file cuts it while the program writes (LogBounds).
    private const string Script = "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null";

    /// <summary>The command line that runs <paramref name="command"/> so, in its own process.</summary>
    /// <param name="mostBytes">The largest file that the program may write, its log among them, in bytes; it is killed at more. Null: as large as it likes.</param>
    public static string[] Arguments(string log, IEnumerable<string> command, int? mostBytes = null) =>
        ["-c", mostBytes is { } most ? $"ulimit -f {most / 512}; {Script}" : Script, "sh", log, .. command];

    /// <param name="command">A program by its whole path, and its arguments.</param>
    public static Process Start(IEnumerable<string> command, string log, string folder = "/", Action<ProcessStartInfo>? configure = null) =>
        HostProgram.Start("/bin/sh", Arguments(log, command), start =>
        {
            start.WorkingDirectory = folder;
            configure?.Invoke(start);
        });
}
