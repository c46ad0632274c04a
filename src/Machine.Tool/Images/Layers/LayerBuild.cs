using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Tools;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Images.Layers;

/// <summary>
/// An image made of another: tools and provision scripts, code that somebody else wrote, run inside a machine booted
/// from the base image, and its disk is kept.
/// </summary>
internal static class LayerBuild
{
    private const string ToolFolder = "/usr/local/share/dotnet-tools";
    private const string Brought = "/var/lib/machine/build/tools";

    public static bool IsNeeded(ImageRequest request) => request.NpmTools.Count + request.DotnetTools.Count + request.Provision.Count > 0;

    /// <summary>The image below: the same without what this layer adds.</summary>
    public static ImageRequest Base(ImageRequest request) => request with { NpmTools = [], DotnetTools = [], Provision = [], Tools = [] };

    public static async Task<ImageFacts> RunAsync(
        IDiskEngine engine, MachinePaths paths, string folder, string hash, Image below, ImageFacts facts, ImageRequest request,
        IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel)
    {
        var disk = new DiskFile(Path.Combine(folder, "layer.qcow2"), "qcow2");
        // The same size: a base's disk is sparse, and as large as a machine's is by default.
        var diskBytes = new FileInfo(below.Boot.Disk.Path).Length;
        await engine.CreateOverlayDiskAsync(disk.Path, below.Boot.Disk, diskBytes, cancel);
        await using (var guest = await BuildGuest.BootAsync(engine, paths, folder, hash, below.Boot, disk, diskBytes, [], services, progress, cancel))
        {
            if (request.Tools.Count > 0)
            {
                await BringToolsAsync(guest, request.Tools, services[0].HostSocket, folder, progress, cancel);
            }

            await InstallNpmToolsAsync(guest, [.. request.Tools.Where(tool => tool.Kind == ToolResolver.Npm)], progress, cancel);
            await InstallDotnetToolsAsync(guest, Wanted(request), progress, cancel);
            await ProvisionAsync(guest, request.Provision, progress, cancel);
            progress.Step("cleaning the image");
            await guest.RunAsync(ImageRecipe.Files["clean.sh"], "cleaning the image", progress, cancel);
            await guest.PowerOffAsync(cancel);
        }

        progress.Step("storing the image");
        await engine.CopyDiskAsync(disk, new DiskFile(Path.Combine(folder, "root.raw"), "raw"), compress: false, cancel);
        return facts with { Kernel = Copy(below.Boot.Kernel, folder), Initrd = Copy(below.Boot.Initrd, folder), Disk = "root.raw", DiskFormat = "raw" };
    }

    // The bytes that the image is named by, as files: what the feed would answer by now decides nothing.
    private static async Task BringToolsAsync(
        BuildGuest guest, IReadOnlyList<PinnedTool> tools, string socket, string folder, IProgressSink progress, CancellationToken cancel)
    {
        progress.Step("fetching the tools");
        await guest.RunAsync($"mkdir -p {Brought}", "making a folder", progress, cancel);
        using var source = new ToolSource(socket);
        foreach (var tool in tools)
        {
            var file = Path.Combine(folder, "tool");
            await FetchAsync(source, tool, file, cancel);
            await guest.SendAsync(file, FileOf(tool), cancel);
            File.Delete(file);
        }
    }

    /// <exception cref="MachineException">It is not to be had, or is not what was resolved.</exception>
    internal static async Task FetchAsync(ToolSource source, PinnedTool tool, string file, CancellationToken cancel)
    {
        string actual;
        await using (var target = File.Create(file))
        {
            actual = await source.PackageAsync(tool.Kind, tool.Name, tool.Version, target, cancel);
        }

        if (actual != tool.Sha512)
        {
            File.Delete(file);
            throw new MachineException(
                $"tools: {tool.Name} {tool.Version} is not what it was a moment ago:\n  resolved {tool.Sha512}\n  found    {actual}",
                "start again; where it happens again, whoever runs your package source should know",
                ExitCode.MachineUnavailable);
        }
    }

    private static string FileOf(PinnedTool tool) => tool.Kind == ToolResolver.Npm
        ? $"{Brought}/{tool.Name.Replace('/', '-').TrimStart('@')}-{tool.Version}.tgz"
        : $"{Brought}/{tool.Name.ToLowerInvariant()}.{tool.Version.ToLowerInvariant()}.nupkg";

    // Of the pinned ones those that the Machinefile names; the others are their parts.
    private static List<PinnedTool> Wanted(ImageRequest request)
    {
        var names = request.DotnetTools.Select(tool => tool.Split('@', 2)[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. request.Tools.Where(tool => tool.Kind == ToolResolver.Dotnet && names.Contains(tool.Name))];
    }

    private static async Task InstallNpmToolsAsync(BuildGuest guest, List<PinnedTool> tools, IProgressSink progress, CancellationToken cancel)
    {
        if (tools.Count > 0)
        {
            progress.Step("installing npm tools");
            await guest.RunAsync(
                $"npm install --global --registry={GuestLayout.NpmUrl} --replace-registry-host=always --no-audit --no-fund --no-update-notifier -- {Words(tools.Select(FileOf))}",
                "npm install",
                progress,
                cancel,
                "check the names in tools: npm:");
        }
    }

    private static async Task InstallDotnetToolsAsync(BuildGuest guest, List<PinnedTool> tools, IProgressSink progress, CancellationToken cancel)
    {
        if (tools.Count == 0)
        {
            return;
        }

        progress.Step("installing dotnet tools");
        const string work = "/var/lib/machine/build";
        var configuration = $"""<configuration><packageSources><clear /><add key="brought" value="{Brought}" /></packageSources></configuration>""";
        await guest.RunAsync($"mkdir -p {work} && printf %s {Ssh.ShellQuote(configuration)} >{work}/nuget.config", "writing the tools' source", progress, cancel);
        const string environment =
            $"cd {work} && export HOME={work} DOTNET_CLI_HOME={work} NUGET_PACKAGES={work}/packages DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false";
        foreach (var tool in tools)
        {
            await guest.RunAsync(
                $"{environment} && dotnet tool install --tool-path {ToolFolder} --configfile {work}/nuget.config {Ssh.ShellQuote(tool.Name)} --version {Ssh.ShellQuote(tool.Version)}",
                $"dotnet tool install {tool.Name} {tool.Version}",
                progress,
                cancel,
                "check the name in tools: dotnet:, and that the package is a tool");
        }

        // A folder that is in everybody's path, whichever shell or none starts the tool.
        await guest.RunAsync(
            $"for tool in {ToolFolder}/*; do [ -f \"$tool\" ] && ln -sf \"$tool\" /usr/local/bin/; done; rm -rf {work}", "linking the tools", progress, cancel);
    }

    private static async Task ProvisionAsync(BuildGuest guest, IReadOnlyList<ProvisionScript> scripts, IProgressSink progress, CancellationToken cancel)
    {
        foreach (var (index, script) in scripts.Index())
        {
            var name = Path.GetFileName(script.Path);
            progress.Step($"provisioning: {name}");
            var place = $"/var/lib/machine/build/{index + 1}";
            await guest.RunAsync($"mkdir -p {place}", "making a folder", progress, cancel);
            await guest.SendAsync(new MemoryStream(script.Content!), $"cat >{place}/script", cancel);
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
