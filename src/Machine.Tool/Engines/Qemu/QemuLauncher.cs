using System.Diagnostics;
using System.Runtime.Versioning;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// Starts QEMU in a session of its own, so that neither the terminal's end nor its starter's takes it along.
/// Its words go to a file.
/// </summary>
internal static class QemuLauncher
{
    // Only what programs need: a guest that broke out of its QEMU finds no token in the environment.
    private static readonly string[] Environment = ["PATH", "HOME", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH"];

    /// <summary>What is started forks once more and ends; QEMU's own process id is in the pid file.</summary>
    public static bool Forks => OperatingSystem.IsMacOS();

    /// <summary>Starts the process that is QEMU, or with <see cref="Forks"/> its parent.</summary>
    /// <param name="confinement">What it may touch, where the system has walls.</param>
    public static LaunchedProcess Start(string program, IReadOnlyList<string> arguments, string log, Confinement.Confinement confinement)
    {
        if (OperatingSystem.IsLinux())
        {
            var id = Confinement.ConfinedProcess.Start(program, arguments, Environment.Select(Variable).OfType<string>(), log, confinement);
            return new LaunchedProcess(id, () => HostProcess.Find(id) is null);
        }

        var process = OperatingSystem.IsWindows() ? StartOnWindows(program, arguments, log) : StartOnMacOS(program, arguments, log);
        return new LaunchedProcess(process.Id, () => process.HasExited && !(Forks && process.ExitCode == 0));
    }

    /// <summary>Runs a program of QEMU's to its end; what it says goes through a file. Cancellation kills it.</summary>
    /// <param name="words">That file; it is gone afterwards.</param>
    /// <param name="confinement">What it may touch, where the system has walls.</param>
    public static Task<ProgramResult> RunAsync(string program, IReadOnlyList<string> arguments, string words, Confinement.Confinement confinement, CancellationToken cancel) =>
        OperatingSystem.IsLinux() ? RunConfinedAsync(program, arguments, words, confinement, cancel) : HostProgram.TryRunAsync(program, arguments, cancel);

    [SupportedOSPlatform("linux")]
    private static async Task<ProgramResult> RunConfinedAsync(
        string program, IReadOnlyList<string> arguments, string words, Confinement.Confinement confinement, CancellationToken cancel)
    {
        try
        {
            var id = Confinement.ConfinedProcess.Start(program, arguments, Environment.Select(Variable).OfType<string>(), words, confinement);
            var clock = Stopwatch.StartNew();
            int? exitCode;
            try
            {
                // Not what /proc says: a process is a corpse there while its threads still end.
                while (!Confinement.ConfinedProcess.HasEnded(id, out exitCode))
                {
                    // A disk is made in some milliseconds, and copied in minutes.
                    await Task.Delay(clock.ElapsedMilliseconds < 200 ? 2 : 20, cancel);
                }
            }
            catch (OperationCanceledException)
            {
                await (HostProcess.Find(id)?.KillAsync(CancellationToken.None) ?? Task.CompletedTask);
                Confinement.ConfinedProcess.Bury(id);
                throw;
            }

            return exitCode is { } code
                ? new ProgramResult(code, "", ConsoleLog.Tail(words, 20))
                : new ProgramResult(-1, "", $"nobody knows how {program} ended: what started this tool ignores SIGCHLD");
        }
        finally
        {
            QemuPlaces.Delete(words);
        }
    }

    private static string? Variable(string name) => System.Environment.GetEnvironmentVariable(name) is { } value ? $"{name}={value}" : null;

    // There is no filter of system calls that its second fork would meet.
    private static Process StartOnMacOS(string program, IReadOnlyList<string> arguments, string log)
    {
        File.Delete(log);
        return DetachedProgram.Start([program, .. arguments, "-daemonize"], log, configure: start =>
        {
            foreach (var name in start.Environment.Keys.Except(Environment, StringComparer.Ordinal).ToList())
            {
                start.Environment.Remove(name);
            }
        });
    }

    private static Process StartOnWindows(string program, IReadOnlyList<string> arguments, string log)
    {
        var process = HostProgram.Start(program, arguments, start =>
        {
            start.CreateNoWindow = true;
            start.RedirectStandardError = true;
        });
        _ = CopyWordsAsync(process, log);
        return process;
    }

    private static async Task CopyWordsAsync(Process process, string log)
    {
        var file = new FileStream(log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        await using (file)
        {
            await process.StandardError.BaseStream.CopyToAsync(file);
        }
    }
}

/// <summary>What was started.</summary>
/// <param name="HasFailed">It has ended, and nothing of it runs on.</param>
internal sealed record LaunchedProcess(int Id, Func<bool> HasFailed);
