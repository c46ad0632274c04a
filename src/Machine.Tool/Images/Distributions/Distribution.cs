using System.Runtime.InteropServices;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Distributions;

/// <summary>A release of Debian that images are built from.</summary>
/// <param name="Name">As the Machinefile says it: <c>debian/12</c>.</param>
/// <param name="Codename">As its archive says it: <c>bookworm</c>.</param>
/// <param name="Packages">What every machine of it has, beyond the essential packages.</param>
/// <param name="Docker">What a machine with Docker has besides: the daemon, its command line, compose and buildx where there are such packages.</param>
internal sealed record Distribution(string Name, string Codename, IReadOnlyList<string> Packages, IReadOnlyList<string> Docker)
{
    private static readonly string[] Always =
    [
        "systemd", "systemd-sysv", "udev", "dbus", "openssh-server", "sudo", "ca-certificates", "initramfs-tools", "zstd",
        "kmod", "e2fsprogs", "git", "iproute2", "procps", "curl", "tzdata", "less", "xz-utils", "bzip2", "unzip", "netbase",
        "nftables", "libgssapi-krb5-2", "zlib1g",
    ];

    private static readonly Distribution[] Known =
    [
        new("debian/12", "bookworm", [.. Always, "libicu72"], ["docker.io", "docker-compose"]),
        new("debian/13", "trixie", [.. Always, "libicu76"], ["docker.io", "docker-cli", "docker-compose", "docker-buildx"]),
    ];

    /// <summary>The archive's name of this host's processor, which is the guest's too.</summary>
    public static string Architecture { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => throw new MachineException($"there is no image for a processor of the kind {other}", exitCode: ExitCode.MachineUnavailable),
    };

    /// <summary>Not the cloud kernel: that one has no 9p.</summary>
    public static string KernelPackage => $"linux-image-{Architecture}";

    public static Distribution? TryFind(string name) => Known.FirstOrDefault(distribution => distribution.Name == name);

    /// <summary>Docker's packages in an image; of a cloud image's distribution no more is known than that it has this one.</summary>
    public static IReadOnlyList<string> DockerOf(string name) => TryFind(name)?.Docker ?? ["docker.io"];

    /// <exception cref="MachineException">No such distribution.</exception>
    public static Distribution Find(string name) =>
        TryFind(name) ?? throw new MachineException(
            $"there is no image {name}", $"in the Machinefile, image: is one of {string.Join(", ", Known.Select(known => known.Name))}, or the path or URL of a qcow2 disk");
}
