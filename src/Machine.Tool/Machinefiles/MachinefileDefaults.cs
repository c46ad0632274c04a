using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>What holds where a Machinefile is silent.</summary>
internal static class MachinefileDefaults
{
    public const string Image = "debian/12";

    public const string Sdk = "global.json";

    public const int Cpus = 2;

    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(15);

    public const long MemoryBytes = 4 * ByteSize.GiB;

    public const long DiskBytes = 20 * ByteSize.GiB;

    public const long VolumeBytes = 10 * ByteSize.GiB;

    public const long PackagesVolumeBytes = 20 * ByteSize.GiB;

    public const long DockerVolumeBytes = 20 * ByteSize.GiB;

    /// <summary>Name of the volume of Docker's images, where the Machinefile declares none at their place.</summary>
    public const string DockerVolume = "docker";

    /// <summary>Name of the built-in volume for package caches.</summary>
    public const string PackagesVolume = "packages";

    public static IReadOnlyList<string> Packages { get; } = ["git"];

    public static IReadOnlyList<string> Outputs { get; } = ["<project>/bin/**", "artifacts/**", "**/TestResults/**"];

    public static Volume PackagesVolumeOf(long bytes) => new(GuestLayout.PackageCache, bytes);

    /// <summary>Never more than the host has: a file that a team shares must start on the smallest of its hosts.</summary>
    public static int CpusOn(HostFacts host, int asked = Cpus) => Math.Clamp(asked, 1, Math.Max(1, host.Cpus));

    /// <summary>At most half of the host's memory, in steps of 256 MiB and not below 1 GiB, with which a build barely runs.</summary>
    public static long MemoryOn(HostFacts host)
    {
        const long Step = 256 * ByteSize.MiB;
        return Math.Min(MemoryBytes, Math.Max(ByteSize.GiB, host.MemoryBytes / 2 / Step * Step));
    }
}
