using System.Text;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Images.Templates;

/// <summary>Boots an image, heats it as the user who will build, and freezes it with its memory.</summary>
internal sealed class TemplateBuild(MachinePaths paths, ITemplateEngine engine)
{
    /// <summary>A template takes about a gigabyte: a host keeps the last few.</summary>
    public const int MostTemplates = 6;

    private const string Heat = "/var/tmp/machine-heat";

    private readonly TemplateStore store = new(paths);

    /// <param name="spec">The machine that will thaw; only its processors, memory, disk and slots count.</param>
    /// <exception cref="MachineException">It can't be made; nothing half-made is kept.</exception>
    public async Task<WarmTemplate> EnsureAsync(
        Image image, MachineSpec spec, HostUser user, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel)
    {
        var key = await TemplateKey.OfAsync(engine, image, spec, user, cancel);
        if (store.Find(key, out _) is { } there)
        {
            return there;
        }

        store.RequireReplaceable(key);
        await BuildFolder.SweepAsync(paths.Templates);
        await using var build = await BuildFolder.BeginAsync(paths.Templates, key, progress, cancel);
        if (store.Find(key, out _) is { } meanwhile)
        {
            return meanwhile;
        }

        try
        {
            await RunAsync(build.Path, key, image, spec, user, services, progress, cancel);
        }
        catch (IOException e) when (DiskSpace.IsFull(e))
        {
            throw DiskSpace.Full(build.Path, e);
        }

        foreach (var file in Directory.EnumerateFiles(build.Path))
        {
            // Its time and length would outlive a power failure that its content did not.
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
            stream.Flush(flushToDisk: true);
        }

        var files = Directory.EnumerateFiles(build.Path).ToDictionary(file => Path.GetFileName(file), file => TemplateFile.Of(file)!);
        var facts = new TemplateFacts
        {
            Version = TemplateFacts.CurrentVersion,
            Key = key,
            Image = image.Hash,
            Base = image.Request.Base,
            Sdk = image.Request.SdkVersion,
            Machine = await engine.FingerprintAsync(spec, cancel),
            User = user.Name,
            Created = DateTimeOffset.UtcNow,
            Files = files,
        };
        var template = await store.CommitAsync(build, facts);
        await store.PruneAsync(MostTemplates);
        return template;
    }

    private async Task RunAsync(
        string folder, string key, Image image, MachineSpec spec, HostUser user, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel)
    {
        var disk = new DiskFile(Path.Combine(folder, WarmTemplate.Root), "qcow2");
        await engine.CreateOverlayDiskAsync(disk.Path, image.Boot.Disk, spec.DiskBytes, cancel);
        await using var guest = await BuildGuest.BootAsync(
            engine, paths, folder, key, image.Boot, disk, spec.DiskBytes, [], services, progress, cancel,
            (built, _) => built with { Cpus = spec.Cpus, MemoryBytes = spec.MemoryBytes, Slots = spec.Slots, MemoryFile = Path.Combine(folder, WarmTemplate.Memory) });
        progress.Step("heating the build servers");
        await guest.RunAsync(Setup(user), "preparing the template", progress, cancel);
        if (image.Request.SdkVersion is not null)
        {
            await guest.RunAsync(Heating(user, tests: services.Count > 0), "heating", progress, cancel);
        }

        progress.Step("freezing");
        await guest.RunAsync($"rm -rf {Heat}; sync; fstrim / || true; exec /usr/lib/machine/identity wait", "preparing the freeze", progress, cancel);
        await guest.FreezeAsync(folder, cancel);
    }

    // What a thawed machine needs at once is loaded already: file systems, drivers of what will be plugged in.
    private static string Setup(HostUser user) =>
        GuestFiles.Script + GuestUser.Script(user)
        + "for module in 9p 9pnet_virtio overlay ext4 virtio_blk; do modprobe $module || true; done\n"
        + $"install -d -o {user.UserId} -g {user.GroupId} {Heat}\n";

    private static string Heating(HostUser user, bool tests)
    {
        var environment = BuildEnvironment.Of(user);
        environment["NUGET_PACKAGES"] = Heat + "/packages";
        environment["HEAT"] = Heat;
        environment["TESTS"] = tests ? "yes" : "no";
        environment["LOCK"] = GuestResource.Read("heat.lock.json");
        var script = new StringBuilder();
        foreach (var (name, value) in environment)
        {
            script.Append($"export {name}={Ssh.ShellQuote(value)}\n");
        }

        script.Append(GuestResource.Read("heat.sh"));
        return $"exec setpriv --reuid {user.UserId} --regid {user.GroupId} --init-groups setsid sh -c {Ssh.ShellQuote(script.ToString())} </dev/null";
    }
}
