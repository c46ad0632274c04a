namespace Machine.Tool.Engines.Qemu;

/// <summary>The host's kernel, by its build: hardware acceleration is its work, and part of a machine's state is in its form.</summary>
internal static class HostKernel
{
    /// <summary>An update that keeps the release's name gives another build.</summary>
    public static string Build { get; } = OperatingSystem.IsLinux()
        ? $"{Read("osrelease")} {Read("version")}"
        : Environment.OSVersion.VersionString;

    private static string Read(string name) => File.ReadAllText("/proc/sys/kernel/" + name).Trim();
}
