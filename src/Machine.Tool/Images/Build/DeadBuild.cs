using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Machine.Tool.Images.Build;

/// <summary>What a build left that was killed: its folder, and a machine or a package manager that may still work in it.</summary>
internal static class DeadBuild
{
    /// <param name="folder">A build's folder whose lock is free. Its name is unique, so who has it in a command line belongs to that build.</param>
    public static async Task RemoveAsync(string folder)
    {
        if (OperatingSystem.IsLinux())
        {
            foreach (var id in Processes(Path.GetFullPath(folder)))
            {
                await KillAsync(id);
            }
        }

        await PrivateNamespace.DeleteAsync(folder);
    }

    private static IEnumerable<int> Processes(string folder)
    {
        var words = Encoding.UTF8.GetBytes(folder);
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), out var id) && id != Environment.ProcessId
                && CommandLine(process).AsSpan().IndexOf(words) >= 0)
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

    private static async Task KillAsync(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
            await process.WaitForExitAsync();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended meanwhile, or it is another user's and only looks at the folder.
        }
    }
}
