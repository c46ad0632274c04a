using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>Processes of this user whose command line names a path that is nobody else's: the way to what a killed process had started.</summary>
internal static class ProcessesNaming
{
    /// <summary>Kills them, and waits until they have gone. Does nothing but on Linux.</summary>
    public static async Task KillAsync(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (var id in Find(path).ToList())
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
                await process.WaitForExitAsync();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
            {
                // It ended meanwhile, or it is another user's and only looks at the path.
            }
        }
    }

    private static IEnumerable<int> Find(string path)
    {
        var words = Encoding.UTF8.GetBytes(path);
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), out var id) && id != Environment.ProcessId && CommandLine(process).AsSpan().IndexOf(words) >= 0)
            {
                yield return id;
            }
        }
    }

    private static byte[] CommandLine(string process)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return [];
        }
    }
}
