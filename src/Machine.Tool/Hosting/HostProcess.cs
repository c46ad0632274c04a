using System.Diagnostics;
using System.Globalization;

namespace Machine.Tool.Hosting;

/// <summary>A process of this host: its id, and what tells it from a later process that was given the same id.</summary>
internal sealed record HostProcess(int Id, string Started)
{
    public bool IsAlive => Find(Id) == this;

    /// <summary>The process that has this id now; null when there is none, or only its corpse.</summary>
    public static HostProcess? Find(int id)
    {
        try
        {
            return OperatingSystem.IsLinux() ? FromProc(id) : FromFramework(id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Whether this user runs it; Linux only.</summary>
    public bool IsMine => UnixFile.TryLook($"/proc/{Id}") is { } folder && folder.Owner == UnixFile.Me;

    /// <summary>Processes whose command line holds this word. Linux only; elsewhere empty.</summary>
    public static IEnumerable<HostProcess> WithArgument(string word) => WithArgument(each => each == word);

    /// <summary>Likewise, with a word of which this is so.</summary>
    public static IEnumerable<HostProcess> WithArgument(Func<string, bool> word)
    {
        if (!OperatingSystem.IsLinux())
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && id != Environment.ProcessId
                && CommandLine(folder).Any(word)
                && Find(id) is { } process)
            {
                yield return process;
            }
        }
    }

    /// <summary>What it took of this host's processors; nothing where it has ended. No property: those of a record are written with it.</summary>
    public TimeSpan ProcessorTime()
    {
        try
        {
            using var process = Process.GetProcessById(Id);
            return process.TotalProcessorTime;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return TimeSpan.Zero;
        }
    }

    public async Task WaitForExitAsync(CancellationToken cancel)
    {
        while (IsAlive)
        {
            await Task.Delay(20, cancel);
        }
    }

    /// <summary>Ends it at once and waits until it is gone.</summary>
    public async Task KillAsync(CancellationToken cancel)
    {
        if (!IsAlive)
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(Id);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended meanwhile.
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new MachineException($"process {Id} could not be ended: {e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
        }

        await WaitForExitAsync(cancel);
    }

    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may hold blanks and parentheses, so count from the last one.
    private static HostProcess? FromProc(int id)
    {
        var stat = File.ReadAllText($"/proc/{id}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : new HostProcess(id, $"{BootId()}/{fields[19]}");
    }

    // Clock ticks since boot repeat after a reboot; the boot's id does not.
    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static HostProcess? FromFramework(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.HasExited ? null : new HostProcess(id, process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture));
    }

    private static string[] CommandLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
