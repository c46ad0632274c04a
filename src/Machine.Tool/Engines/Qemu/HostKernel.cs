using System.Runtime.InteropServices;

namespace Machine.Tool.Engines.Qemu;

/// <summary>The host's kernel, by its build: hardware acceleration is its work, and part of a machine's state is in its form.</summary>
internal static class HostKernel
{
    /// <summary>Release and build (<c>uname -r</c> and <c>-v</c>): an update may keep the release and change the build alone.</summary>
    public static string Build { get; } = OperatingSystem.IsLinux()
        ? $"{Read("osrelease")} {Read("version")}"
        : RuntimeInformation.OSDescription;

    private static string Read(string name) => File.ReadAllText("/proc/sys/kernel/" + name).Trim();
}
