using System.Diagnostics;
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

        var start = OperatingSystem.IsWindows() ? Windows(program) : MacOS(program, log);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)
            ?? throw new MachineException($"{program} could not be started", exitCode: ExitCode.MachineUnavailable);
        if (OperatingSystem.IsWindows())
        {
            _ = CopyWordsAsync(process, log);
        }

        return new LaunchedProcess(process.Id, () => process.HasExited && !(Forks && process.ExitCode == 0));
    }

    private static string? Variable(string name) => System.Environment.GetEnvironmentVariable(name) is { } value ? $"{name}={value}" : null;

    // There is no filter of system calls that its second fork would meet.
    private static ProcessStartInfo MacOS(string program, string log)
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        start.ArgumentList.Add("-c");
        // At its end: who bounds the file cuts it while QEMU writes.
        start.ArgumentList.Add($": >{Ssh.ShellQuote(log)}; exec \"$0\" \"$@\" -daemonize </dev/null >>{Ssh.ShellQuote(log)} 2>&1");
        start.ArgumentList.Add(program);
        foreach (var name in start.Environment.Keys.Except(Environment, StringComparer.Ordinal).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    private static ProcessStartInfo Windows(string program) =>
        new(program) { UseShellExecute = false, CreateNoWindow = true, RedirectStandardError = true };

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
