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
    public static bool Forks => !OperatingSystem.IsWindows() && SetSid is null;

    // -daemonize would do, but forks after the system call filter has forbidden it; macOS has no filter and no setsid.
    private static string? SetSid => Programs.Find("setsid");

    /// <summary>Starts the process that is QEMU, or with <see cref="Forks"/> its parent.</summary>
    public static Process Start(string program, IReadOnlyList<string> arguments, string log)
    {
        var start = OperatingSystem.IsWindows() ? Windows(program) : Unix(program, log);
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

        return process;
    }

    private static ProcessStartInfo Unix(string program, string log)
    {
        // Linux shares processors among sessions first: a priority counts only when the new session has it too.
        var (prefix, suffix) = SetSid is { } setsid
            ? ($"{Ssh.ShellQuote(setsid)} /bin/sh -c '{{ nice > /proc/self/autogroup; }} 2> /dev/null; exec \"$0\" \"$@\"' ", "")
            : ("", " -daemonize");
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        // setsid forks only when it leads a process group, which a child of ours does not: the process id stays.
        start.ArgumentList.Add("-c");
        // At its end: who bounds the file cuts it while QEMU writes.
        start.ArgumentList.Add($": >{Ssh.ShellQuote(log)}; exec {prefix}\"$0\" \"$@\"{suffix} </dev/null >>{Ssh.ShellQuote(log)} 2>&1");
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
