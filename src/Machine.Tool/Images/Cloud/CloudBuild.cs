using System.Text;
using System.Text.RegularExpressions;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Store;
using Machine.Tool.Sdks;

namespace Machine.Tool.Images.Cloud;

/// <summary>
/// An image made of a qcow2 cloud image. It boots once, by itself, and is prepared by a script inside (Recipe/cloud.sh),
/// which copies its root file system to an empty disk: what comes out is like an image made from packages, and nothing of
/// the disk was ever opened by this host.
/// </summary>
internal static partial class CloudBuild
{
    private const string Script = "/run/machine-cloud.sh";
    private const long MostKernel = 256L << 20;
    private const long MostInitrd = 1L << 30;

    /// <summary>As large as an image made from packages is.</summary>
    private const long RootBytes = 20L << 30;

    /// <param name="services">The archive of packages must be among them, where packages are missing.</param>
    public static async Task<ImageFacts> RunAsync(
        IDiskEngine engine, MachinePaths paths, string folder, string hash, ImageRequest request, SdkSource? sdk, TrustStore trust,
        IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel)
    {
        DistributionPackage.Check(request.Packages);
        var source = await CloudDisk.FetchAsync(request.Base, request.BaseSha256!, folder, progress, cancel);
        var overlay = new DiskFile(Path.Combine(folder, "boot.qcow2"), "qcow2");
        // Its own root disk gets room for what is installed; cloud-init grows the file system.
        var bootBytes = Math.Max(RootBytes, await QcowHeader.SizeAsync(source.Path, cancel));
        await engine.CreateOverlayDiskAsync(overlay.Path, source, bootBytes, cancel);
        var target = new DiskFile(Path.Combine(folder, "root.qcow2"), "qcow2");
        await engine.CreateDiskAsync(target.Path, RootBytes, cancel);
        var share = await StageAsync(Path.Combine(folder, "share"), sdk, trust, cancel);
        var seed = Path.Combine(folder, "seed");

        string[] facts;
        await using (var guest = await BuildGuest.BootAsync(
            engine, paths, folder, hash, new BootImage(null, null, source), overlay, bootBytes, [new VolumeDisk("root", new VolumeReference(folder, "root"))], services, progress, cancel,
            (spec, identity) =>
            {
                CloudSeed.Write(seed, identity);
                return spec with { SeedFolder = seed, Shares = share };
            }))
        {
            facts = await FactsAsync(guest, cancel);
            progress.Step($"preparing {facts[2]}");
            await SourcesAsync(Path.Combine(folder, "share"), facts[0], facts[1], services.Count > 0, cancel);
            using (var script = new MemoryStream(Encoding.UTF8.GetBytes(ImageRecipe.Files["cloud.sh"])))
            {
                await guest.SendAsync(script, $"cat >{Script}", cancel);
            }

            await guest.RunAsync($"sh {Script} {string.Join(' ', request.Packages.Select(Ssh.ShellQuote))}", $"preparing {facts[2]}", progress, cancel);
            progress.Step("storing the image");
            await ReceiveAsync(guest, "cat /run/machine-kernel", Path.Combine(folder, "kernel"), MostKernel, cancel);
            await ReceiveAsync(guest, "cat /run/machine-initrd", Path.Combine(folder, "initrd"), MostInitrd, cancel);
            await guest.PowerOffAsync(cancel);
        }

        await engine.CopyDiskAsync(target, new DiskFile(Path.Combine(folder, "root.raw"), "raw"), compress: false, cancel);
        return ImageFacts.Built(facts[2], facts[3]);
    }

    /// <summary>Distribution, release's code name, full name and kernel, as the guest says: tainted, so only what a name may hold.</summary>
    private static async Task<string[]> FactsAsync(BuildGuest guest, CancellationToken cancel)
    {
        using var said = new MemoryStream();
        await guest.ReceiveAsync(
            ". /etc/os-release; printf '%s\\n%s\\n%s\\n%s\\n' \"$ID\" \"${VERSION_CODENAME:-}\" \"$PRETTY_NAME\" \"$(uname -r)\"", said, 4096, cancel);
        var lines = Encoding.UTF8.GetString(said.ToArray()).Split('\n');
        return [.. Enumerable.Range(0, 4).Select(index => NoName().Replace(lines.ElementAtOrDefault(index) ?? "", "?")).Select(name => name.Length > 80 ? name[..80] : name)];
    }

    private static async Task<IReadOnlyList<SharedFolder>> StageAsync(string folder, SdkSource? sdk, TrustStore trust, CancellationToken cancel)
    {
        await ImageRecipe.WriteAsync(Path.Combine(folder, "recipe"), cancel);
        await trust.WriteAsync(Path.Combine(folder, "ca"), cancel);
        List<SharedFolder> shares = [new("build", folder, ReadOnly: true)];
        if (sdk is not null)
        {
            await sdk.StageAsync(folder, cancel);
        }

        if (sdk is HostSdk host)
        {
            shares.Add(new SharedFolder("sdk", host.Root, ReadOnly: true));
        }

        // A link out of the share would lead nowhere inside.
        var archive = new FileInfo(Path.Combine(folder, "sdk.tar.gz"));
        if (archive.LinkTarget is { } real)
        {
            archive.Delete();
            File.Copy(real, archive.FullName);
        }

        return shares;
    }

    // Debian's packages come from this host's own mirror, through the build's one door. Of other distributions it knows none.
    private static async Task SourcesAsync(string folder, string distribution, string codename, bool served, CancellationToken cancel)
    {
        if (distribution != "debian" || !served || !CodeName().IsMatch(codename))
        {
            return;
        }

        IReadOnlyList<AptSource> sources;
        try
        {
            sources = DebianMirror.Find("/etc/apt", codename, Environment.GetEnvironmentVariable);
        }
        catch (MachineException)
        {
            // Without a mirror, what is missing is told by name.
            return;
        }

        // The build asks where the machine will ask.
        var mirrors = DebianMirror.Addresses();
        var entries = string.Concat(sources.Select(source => DebianMirror.ForGuest(source, mirrors).ToStanza() + "\n"));
        await File.WriteAllTextAsync(Path.Combine(folder, "apt.sources"), entries, cancel);
        await File.WriteAllTextAsync(Path.Combine(folder, "guest.sources"), entries, cancel);
    }

    private static async Task ReceiveAsync(BuildGuest guest, string commandLine, string file, long most, CancellationToken cancel)
    {
        await using var stream = File.Create(file);
        await guest.ReceiveAsync(commandLine, stream, most, cancel);
    }

    [GeneratedRegex("[^A-Za-z0-9 .,:()/_+~-]")]
    private static partial Regex NoName();

    [GeneratedRegex("^[a-z]{3,20}$")]
    private static partial Regex CodeName();
}
