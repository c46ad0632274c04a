using System.Diagnostics;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>
/// Makes the warm template that the next start thaws from, beside the machine that had to be booted: a process of its own, of
/// the lowest priority, that outlives this one.
/// </summary>
internal static class BackgroundWarm
{
    /// <summary>In a pipeline nobody starts a second machine: there <c>image warm</c> is a step, or nothing.</summary>
    public static bool IsWanted =>
        Environment.GetEnvironmentVariable("CI") is null or "" or "false" && Environment.GetEnvironmentVariable("MACHINE_WARM") != "never";

    public static void Begin(MachineFolders folders, ILogger logger)
    {
        if (!IsWanted || OperatingSystem.IsWindows())
        {
            return;
        }

        var (program, arguments) = SelfCommand.With("image", "warm");
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = folders.Project.Path };
        const string Script = "log=$1; shift; s=; command -v setsid > /dev/null && s=setsid; exec $s nice -n 19 \"$@\" > \"$log\" 2>&1 < /dev/null";
        foreach (var argument in (string[])["-c", Script, "sh", Path.Combine(folders.Logs, "warm.log"), program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start);
        logger.LogInformation("making a warm template in the background, process {Id}", process?.Id);
    }
}
