using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Cloud;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Layers;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Tools;
using Machine.Tool.Sdks;

namespace Machine.Tool.Images;

/// <summary>Finds the image that a project asks for, or builds it.</summary>
/// <param name="archives">Begins to serve the distribution's archives to a build on this host, and to nothing else.</param>
internal sealed class ImageBuilder(MachinePaths paths, IDiskEngine engine, SdkResolver? sdks = null, Func<CancellationToken, Task<BuildDoor>>? archives = null)
{
    private readonly ImageStore store = new(paths);
    private readonly SdkResolver sdks = sdks ?? new SdkResolver(paths);

    private readonly ToolResolver tools = new(paths);

    /// <summary>Whether the name is known without asking anybody.</summary>
    public bool Knows(ImageRequest request) => tools.Knows(request);

    /// <summary>The name that the image of this request has or would have.</summary>
    /// <param name="services">Asked for tools that are not recorded.</param>
    public async Task<string> HashAsync(ImageRequest request, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel) =>
        HashOf(await tools.PinAsync(request, services, anew: false, progress, cancel));

    /// <summary>The name of a request whose tools are pinned.</summary>
    public string HashOf(ImageRequest request) => ImageHash.Of(InputsOf(request));

    /// <summary>Returns at once when the image is there; otherwise builds it, or waits for another process that does.</summary>
    /// <param name="services">What the build may reach from inside the guest; needed for tools alone.</param>
    /// <param name="refresh">Asks anew what the tools are, also where that is known.</param>
    /// <exception cref="MachineException">It can't be built. Nothing half-made is kept.</exception>
    public async Task<Image> EnsureAsync(
        ImageRequest request, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel, bool refresh = false)
    {
        request = await tools.PinAsync(request, services, refresh, progress, cancel);
        if (Use(HashOf(request)) is { } image)
        {
            return image;
        }

        // A build needs the network anyway, and is made of what is there now.
        if (request.Tools.Count > 0 && !refresh)
        {
            return await EnsureAsync(request, services, progress, cancel, refresh: true);
        }

        var hash = HashOf(request);
        try
        {
            await using var build = await BuildFolder.BeginAsync(paths.Images, hash, progress, cancel);
            if (Use(hash) is { } other)
            {
                return other;
            }

            var facts = await BuildAsync(build.Path, hash, request, services, progress, cancel);

            store.DropOutdated();

            // Certificates are read when their turn comes, minutes later.
            return HashOf(request) == hash
                ? await store.CommitAsync(build, hash, InputsOf(request), request, facts, cancel)
                : throw new MachineException("this host's certificates changed while the image was built", "start again; nothing was kept of this build", ExitCode.MachineUnavailable);
        }
        catch (IOException e) when (DiskSpace.IsFull(e))
        {
            throw DiskSpace.Full(Path.Combine(paths.Images, hash), e);
        }
    }

    private async Task<ImageFacts> BuildAsync(
        string folder, string hash, ImageRequest request, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel)
    {
        request = Complete(request);
        if (LayerBuild.IsNeeded(request))
        {
            var below = await EnsureAsync(LayerBuild.Base(request), services, progress, cancel);
            return await LayerBuild.RunAsync(engine, paths, folder, hash, below, store.Facts(below.Hash)!, request, services, progress, cancel);
        }

        if (request.BaseSha256 is null)
        {
            await using var door = archives is null ? null : await archives(cancel);
            return await DistributionBuild.RunAsync(folder, request, Sdk(request), TrustStore.OfThisHost(), door?.Socket, progress, cancel);
        }

        return await CloudBuild.RunAsync(engine, paths, folder, hash, request, Sdk(request), TrustStore.OfThisHost(), services, progress, cancel);
    }

    private Image? Use(string hash)
    {
        var image = store.Find(hash);
        if (image is not null)
        {
            store.Touch(image.Hash);
        }

        return image;
    }

    private string InputsOf(ImageRequest request)
    {
        if (request.Tools.Count == 0 && request.NpmTools.Count + request.DotnetTools.Count > 0)
        {
            throw new InvalidOperationException("an image with tools has no name before they are resolved");
        }

        return ImageHash.Inputs(Complete(request), Sdk(request), TrustStore.OfThisHost());
    }

    private SdkSource? Sdk(ImageRequest request) => request.SdkVersion is null ? null : sdks.Locate(request.SdkVersion);

    // npm is not part of every machine: who wants its tools gets it with them.
    private static ImageRequest Complete(ImageRequest request) =>
        request.NpmTools.Count > 0 ? request with { Packages = [.. request.Packages.Union(["nodejs", "npm"])] } : request;
}
