using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>The installed QEMU.</summary>
internal sealed record QemuProgram(string Path, string Architecture, Version Version)
{
    /// <summary>JSON block devices and <c>multidevs</c>; what Ubuntu 22.04 and Debian 12 carry is newer.</summary>
    public static Version Oldest { get; } = new(6, 0, 0);

    /// <summary>Guests have the host's architecture: anything else is emulation.</summary>
    public static string HostArchitecture => RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "aarch64" : "x86_64";

    public static string Name => $"qemu-system-{HostArchitecture}";

    /// <summary>What a frozen machine's state depends on.</summary>
    public string Identity => $"{Name} {Version}";

    public static string Package =>
        OperatingSystem.IsMacOS() ? "qemu"
        : OperatingSystem.IsWindows() ? "SoftwareFreedomConservancy.QEMU"
        : HostArchitecture == "aarch64" ? "qemu-system-arm" : "qemu-system-x86";

    /// <exception cref="MachineException">It is not installed, or does not run.</exception>
    public static async Task<QemuProgram> FindAsync(CancellationToken cancel)
    {
        var path = HostProgram.Require(Name, Package);
        return new QemuProgram(path, HostArchitecture, ParseVersion(await HostProgram.RunAsync(path, ["--version"], cancel)));
    }

    /// <summary>From "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)" and "qemu-img version 7.2.22".</summary>
    public static Version ParseVersion(string text)
    {
        var match = Regex.Match(text, @"version (\d+)\.(\d+)\.(\d+)");
        return match.Success
            ? new Version(int.Parse(match.Groups[1].Value), int.Parse(match.Groups[2].Value), int.Parse(match.Groups[3].Value))
            : throw new MachineException($"this does not look like QEMU's version: {HostProgram.LastLines(text, 1).Trim()}", exitCode: ExitCode.MachineUnavailable);
    }
}
