using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>
/// Makes the warm template that the next start thaws from, beside the machine that had to be booted: a process of its own, of
/// the lowest priority, that outlives this one.
/// </summary>
internal static class BackgroundWarm
{
    /// <summary>In a pipeline nobody starts a second machine: there <c>image warm</c> is a step, or nothing.</summary>
    private static bool IsWanted =>
        Environment.GetEnvironmentVariable("CI") is null or "" or "false" && Environment.GetEnvironmentVariable("MACHINE_WARM") != "never";

    public static void Begin(ProjectMachine folders, ILogger logger)
    {
        if (!IsWanted || OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            var (program, arguments) = SelfCommand.With("image", "warm");
            var log = Path.Combine(folders.Logs, "warm.log");
            File.Delete(log);
            string[] session = HostProgram.Find("setsid") is { } setsid ? [setsid] : [];
            string[] slow = HostProgram.Find("nice") is { } nice ? [nice, "-n", "19"] : [];
            using var process = DetachedProgram.Start([.. session, .. slow, program, .. arguments], log, folders.Project.Path);
            logger.LogInformation("making a warm template in the background, process {Id}", process.Id);
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            // The machine that was just booted works without one.
            logger.LogWarning("no warm template is made in the background: {Reason}", e.Message);
        }
    }
}
