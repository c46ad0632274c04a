using Machine.Tool.Engines;
using Machine.Tool.Guest;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Layers;

/// <summary>
/// An image made of another: tools and provision scripts, code that somebody else wrote, run inside a machine booted
/// from the base image, and its disk is kept.
/// </summary>
internal static class LayerBuild
{
    private const string ToolFolder = "/usr/local/share/dotnet-tools";

    public static bool IsNeeded(ImageRequest request) => request.NpmTools.Count + request.DotnetTools.Count + request.Provision.Count > 0;

    /// <summary>The image below: the same without what this layer adds.</summary>
    public static ImageRequest Base(ImageRequest request) => request with { NpmTools = [], DotnetTools = [], Provision = [] };

    public static async Task<ImageFacts> RunAsync(
        IEngine engine, MachinePaths paths, string folder, string hash, Image below, ImageFacts facts, ImageRequest request,
        IReadOnlyList<BuildService> services, IProgressSink progress, CancellationToken cancel)
    {
        if (services.Count == 0 && request.NpmTools.Count + request.DotnetTools.Count > 0)
        {
            throw new MachineException("tools: are installed through the package feed, which is not running", exitCode: ExitCode.MachineUnavailable);
        }

        var disk = new DiskFile(Path.Combine(folder, "layer.qcow2"), "qcow2");
        // The same size: a base's disk is sparse, and as large as a machine's is by default.
        var diskBytes = new FileInfo(below.Boot.Disk.Path).Length;
        await engine.CreateOverlayDiskAsync(disk.Path, below.Boot.Disk, diskBytes, cancel);
        await using (var guest = await BuildGuest.BootAsync(engine, paths, folder, hash, below.Boot, disk, diskBytes, [], services, progress, cancel))
        {
            await InstallNpmToolsAsync(guest, request.NpmTools, progress, cancel);
            await InstallDotnetToolsAsync(guest, request.DotnetTools, progress, cancel);
            await ProvisionAsync(guest, request.Provision, progress, cancel);
            progress.Step("cleaning the image");
            await guest.RunAsync(ImageRecipe.Files["clean.sh"], "cleaning the image", progress, cancel);
            await guest.PowerOffAsync(cancel);
        }

        progress.Step("storing the image");
        await engine.CopyDiskAsync(disk, new DiskFile(Path.Combine(folder, "root.raw"), "raw"), compress: false, cancel);
        return facts with { Kernel = Copy(below.Boot.Kernel, folder), Initrd = Copy(below.Boot.Initrd, folder), Disk = "root.raw", DiskFormat = "raw" };
    }

    private static async Task InstallNpmToolsAsync(BuildGuest guest, IReadOnlyList<string> tools, IProgressSink progress, CancellationToken cancel)
    {
        if (tools.Count > 0)
        {
            progress.Step("installing npm tools");
            await guest.RunAsync(
                $"npm install --global --registry={GuestLayout.NpmUrl} --replace-registry-host=always --no-audit --no-fund --no-update-notifier -- {Words(tools)}",
                "npm install",
                progress,
                cancel,
                "check the names in tools: npm:");
        }
    }

    private static async Task InstallDotnetToolsAsync(BuildGuest guest, IReadOnlyList<string> tools, IProgressSink progress, CancellationToken cancel)
    {
        if (tools.Count == 0)
        {
            return;
        }

        progress.Step("installing dotnet tools");
        const string work = "/var/lib/machine/build";
        var configuration = $"""<configuration><packageSources><clear /><add key="machine" value="{GuestLayout.FeedUrl}" allowInsecureConnections="true" /></packageSources></configuration>""";
        await guest.RunAsync($"mkdir -p {work} && printf %s {Ssh.ShellQuote(configuration)} >{work}/nuget.config", "writing the feed's address", progress, cancel);
        const string environment =
            $"cd {work} && export HOME={work} DOTNET_CLI_HOME={work} NUGET_PACKAGES={work}/packages DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false";
        foreach (var tool in tools)
        {
            var parts = tool.Split('@', 2);
            var version = parts.Length == 2 ? $" --version {Ssh.ShellQuote(parts[1])}" : "";
            await guest.RunAsync(
                $"{environment} && dotnet tool install --tool-path {ToolFolder} --configfile {work}/nuget.config {Ssh.ShellQuote(parts[0])}{version}",
                $"dotnet tool install {tool}",
                progress,
                cancel,
                "check the name in tools: dotnet:, and that the host's NuGet sources have it");
        }

        // A folder that is in everybody's path, whichever shell or none starts the tool.
        await guest.RunAsync(
            $"for tool in {ToolFolder}/*; do [ -f \"$tool\" ] && ln -sf \"$tool\" /usr/local/bin/; done; rm -rf {work}", "linking the tools", progress, cancel);
    }

    private static async Task ProvisionAsync(BuildGuest guest, IReadOnlyList<string> scripts, IProgressSink progress, CancellationToken cancel)
    {
        foreach (var (index, script) in scripts.Index())
        {
            var name = Path.GetFileName(script);
            progress.Step($"provisioning: {name}");
            var place = $"/var/lib/machine/build/{index + 1}";
            await guest.RunAsync($"mkdir -p {place}", "making a folder", progress, cancel);
            await guest.SendAsync(script, $"{place}/script", cancel);
            await guest.RunAsync(
                $"cd {place} && chmod 0755 script && DEBIAN_FRONTEND=noninteractive HOME=/root ./script </dev/null", $"the provision script {name}", progress, cancel);
        }
    }

    private static string? Copy(string? file, string folder)
    {
        if (file is null)
        {
            return null;
        }

        var name = Path.GetFileName(file);
        File.Copy(file, Path.Combine(folder, name));
        return name;
    }

    private static string Words(IEnumerable<string> words) => string.Join(' ', words.Select(Ssh.ShellQuote));
}
