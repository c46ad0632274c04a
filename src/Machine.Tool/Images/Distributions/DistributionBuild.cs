using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;
using Machine.Tool.Sdks;

namespace Machine.Tool.Images.Distributions;

/// <summary>
/// Makes a root disk from a distribution's packages, on the host: only the distribution's own signed programs run in
/// the new root, and they run enclosed (Recipe/enclose.pl): packages run as root what their maintainers wrote. What others wrote
/// runs in a guest (Layers).
/// </summary>
internal static class DistributionBuild
{
    // What no virtual machine reads. Three quarters of a kernel's modules drive hardware that is not there.
    private static readonly string[] Drivers =
    [
        "acpi/*", "block/*", "cdrom/*", "char/hw_random/*", "char/virtio_console.ko*", "crypto/virtio/*", "dax/*", "firmware/*", "hv/*", "md/*",
        "net/*", "!net/*/*", "net/bonding/*", "net/ipvlan/*", "net/vxlan/*", "net/wireguard/*",
        "nvdimm/*", "ptp/*", "scsi/*", "!scsi/*/*", "vhost/*", "virt/*", "virtio/*",
    ];

    private static readonly string[] Excluded =
    [
        "/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*",
        // The first file system knows its one disk by name; udev in there is a second of a slow boot.
        "/usr/share/initramfs-tools/hooks/udev", "/usr/share/initramfs-tools/scripts/*/udev", "*/lib/udev/hwdb.d/*",
        "*/lib/modules/*/kernel/sound/*", "*/lib/modules/*/kernel/net/bluetooth/*", "*/lib/modules/*/kernel/net/mac80211/*",
        "*/lib/modules/*/kernel/net/wireless/*", "*/lib/modules/*/kernel/fs/ocfs2/*", "*/lib/modules/*/kernel/fs/gfs2/*",
        "*/lib/modules/*/kernel/drivers/*",
    ];

    // Inside, where nothing else listens.
    private const int DoorPort = 9999;

    /// <param name="archives">Serves this host's archives below <c>/apt/NUMBER/</c>; numbers as in <see cref="DebianMirror.Addresses"/>.</param>
    /// <summary>Leaves <c>root.raw</c>, <c>kernel</c> and <c>initrd</c> in <paramref name="folder"/>.</summary>
    /// <exception cref="MachineException">It failed; the message carries the package manager's last lines.</exception>
    public static async Task<ImageFacts> RunAsync(
        string folder, ImageRequest request, SdkSource? sdk, TrustStore trust, string? archives, IProgressSink progress, CancellationToken cancel)
    {
        var distribution = Distribution.Find(request.Base);
        if (!OperatingSystem.IsLinux())
        {
            throw new MachineException(
                $"the image {request.Base} is built from packages, which needs Linux", "build it on Linux and copy its folder into images/, or use a qcow2 disk as image:", ExitCode.MachineUnavailable);
        }

        DistributionPackage.Check(request.Packages);
        HostProgram.Require("mmdebstrap", "mmdebstrap");
        HostProgram.Require("mke2fs", "e2fsprogs");
        await PrivateNamespace.CheckAsync(cancel);
        var shown = await PrepareAsync(folder, distribution, sdk, trust, cancel);

        var packages = distribution.Packages.Append(Distribution.KernelPackage).Concat(request.Packages).Distinct();
        progress.Step($"building image {request.Base}");
        var result = await PrivateNamespace.RunEnclosedAsync(
            folder,
            archives,
            DoorPort,
            shown,
            Path.Combine(folder, "recipe", "build.sh"),
            [folder, distribution.Codename, string.Join(',', packages)],
            line => Report(line, progress),
            cancel);
        if (result.ExitCode != 0)
        {
            throw DiskSpace.IsFull(result.Output)
                ? DiskSpace.Full(folder)
                : new MachineException(
                    $"building the image {request.Base} failed:\n{HostProgram.LastLines(Errors(result.Output), 15)}",
                    "check the names in packages:, and that this host's package manager works (apt-get update)",
                    ExitCode.MachineUnavailable);
        }

        RequireFiles(folder);
        var facts = await FactsAsync(Path.Combine(folder, "facts"), cancel);
        return ImageFacts.Built(facts[0], facts[1]);
    }

    internal static IEnumerable<string> DpkgOptions() =>
    [
        // Nothing waits for a disk while an image is built, and a guest's disk is ephemeral.
        "force-unsafe-io",
        .. Excluded.Select(path => $"path-exclude={path}"),
        .. Drivers.Select(path => path.StartsWith('!') ? $"path-exclude=*/lib/modules/*/kernel/drivers/{path[1..]}" : $"path-include=*/lib/modules/*/kernel/drivers/{path}"),
    ];

    // What ran in there could write this folder: a link would name a file of the host.
    internal static void RequireFiles(string folder)
    {
        if (new[] { "facts", "root.raw", "kernel", "initrd" }.FirstOrDefault(name => new FileInfo(Path.Combine(folder, name)) is not { Exists: true, LinkTarget: null }) is { } strange)
        {
            throw new MachineException($"the build left no file {strange}", "start again; nothing was kept of this build", ExitCode.MachineUnavailable);
        }
    }

    // Two names for people, by what ran in there.
    private static async Task<string[]> FactsAsync(string file, CancellationToken cancel)
    {
        var buffer = new byte[1024];
        await using var stream = File.OpenRead(file);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        var lines = Encoding.UTF8.GetString(buffer, 0, length).Split('\n');
        return [.. Enumerable.Range(0, 2).Select(index => string.Concat((lines.ElementAtOrDefault(index) ?? "").Where(c => !char.IsControl(c)).Take(80)))];
    }

    private static async Task<IReadOnlyList<string>> PrepareAsync(string folder, Distribution distribution, SdkSource? sdk, TrustStore trust, CancellationToken cancel)
    {
        var sources = DebianMirror.Find("/etc/apt", distribution.Codename, Environment.GetEnvironmentVariable);
        await ImageRecipe.WriteAsync(Path.Combine(folder, "recipe"), cancel);
        await WriteLinesAsync(folder, "sources.sources", sources.Select(source => ThroughDoor(source).ToStanza()), cancel);
        await WriteLinesAsync(folder, "guest.sources", sources.Select(source => DebianMirror.ForGuest(source, DebianMirror.Addresses()).ToStanza()), cancel);
        await WriteLinesAsync(folder, "apt.options", await AptSettings.EnclosedAsync(cancel), cancel);
        await WriteLinesAsync(folder, "dpkg.options", DpkgOptions(), cancel);
        await trust.WriteAsync(Path.Combine(folder, "ca"), cancel);
        if (sdk is not null)
        {
            await sdk.StageAsync(folder, cancel);
        }

        var archive = new FileInfo(Path.Combine(folder, "sdk.tar.gz"));
        return
        [
            .. sdk is HostSdk host ? new[] { host.Root } : [],
            .. archive.LinkTarget is { } real ? new[] { Path.GetFullPath(real, folder) } : [],
            .. sources.Select(source => source.SignedBy).OfType<string>().Where(key => Path.IsPathRooted(key) && File.Exists(key)),
            .. sources.SelectMany(source => source.Uris).Where(IsFolder).Select(FolderOf),
        ];
    }

    // Outside, this host asks its archives, with its proxies and passwords; inside they have one address.
    private static AptSource ThroughDoor(AptSource source)
    {
        var mirrors = DebianMirror.Addresses().ToList();
        return source with { Uris = [.. source.Uris.Select(Inside)] };

        string Inside(string uri) =>
            IsFolder(uri) ? uri
            : Uri.TryCreate(uri, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && mirrors.IndexOf(uri) is >= 0 and var number
                ? $"http://127.0.0.1:{DoorPort}/apt/{number}"
            : throw new MachineException(
                $"this host's mirror {uri.Split(':')[0]}: is of a kind that an image can't be built from", $"set {DebianMirror.MirrorVariable} to an http or https address", ExitCode.MachineUnavailable);
    }

    private static bool IsFolder(string uri) => uri.StartsWith("file:/", StringComparison.Ordinal);

    private static string FolderOf(string uri) => new Uri(uri).LocalPath;

    private static Task WriteLinesAsync(string folder, string name, IEnumerable<string> lines, CancellationToken cancel) =>
        File.WriteAllTextAsync(Path.Combine(folder, name), string.Concat(lines.Select(line => line + "\n")), cancel);

    private static void Report(string line, IProgressSink progress)
    {
        if (line.StartsWith("I: ", StringComparison.Ordinal) && !line.Contains("-hook in shell", StringComparison.Ordinal) && !line.StartsWith("I: success", StringComparison.Ordinal))
        {
            progress.Detail(line[3..].TrimEnd('.'));
        }
    }

    private static string Errors(string output)
    {
        var lines = output.Split('\n').Where(line => line.Length > 0 && !line.StartsWith("I: ", StringComparison.Ordinal)).ToList();
        return lines.Count > 0 ? string.Join('\n', lines) : output;
    }
}
