using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Cloud;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Layers;
using Machine.Tool.Images.Sdks;

namespace Machine.Tool.Images;

/// <summary>Finds the image that a project asks for, or builds it.</summary>
internal sealed class ImageBuilder(MachinePaths paths, IEngine engine, SdkResolver? sdks = null)
{
    private readonly ImageStore store = new(paths);
    private readonly SdkResolver sdks = sdks ?? new SdkResolver(paths);

    /// <summary>The name that the image of this request has or would have.</summary>
    public string HashOf(ImageRequest request) => ImageHash.Of(Complete(request), Sdk(request), TrustStore.OfThisHost());

    /// <summary>Returns at once when the image is there; otherwise builds it, or waits for another process that does.</summary>
    /// <param name="services">What the build may reach from inside the guest; needed for tools alone.</param>
    /// <exception cref="MachineException">It can't be built. Nothing half-made is kept.</exception>
    public async Task<Image> EnsureAsync(
        ImageRequest request, IReadOnlyList<BuildService> services, IProgressSink progress, CancellationToken cancel)
    {
        request = Complete(request);
        var hash = HashOf(request);
        if (Use(hash) is { } image)
        {
            return image;
        }

        try
        {
            await using var build = await BuildFolder.BeginAsync(paths.Images, hash, progress, cancel);
            if (Use(hash) is { } other)
            {
                return other;
            }

            var facts = await BuildAsync(build.Path, hash, request, services, progress, cancel);

            // Scripts are read when their turn comes, minutes later.
            return HashOf(request) == hash
                ? await store.CommitAsync(build, hash, request, facts, cancel)
                : throw new MachineException("a provision script or this host's certificates changed while the image was built", "start again; nothing was kept of this build", ExitCode.MachineUnavailable);
        }
        catch (IOException e) when (DiskSpace.IsFull(e))
        {
            throw DiskSpace.Full(Path.Combine(paths.Images, hash), e);
        }
    }

    private async Task<ImageFacts> BuildAsync(
        string folder, string hash, ImageRequest request, IReadOnlyList<BuildService> services, IProgressSink progress, CancellationToken cancel)
    {
        if (LayerBuild.IsNeeded(request))
        {
            var below = await EnsureAsync(LayerBuild.Base(request), services, progress, cancel);
            return await LayerBuild.RunAsync(engine, paths, folder, hash, below, store.Facts(below.Hash)!, request, services, progress, cancel);
        }

        return request.BaseSha256 is null
            ? await DistributionBuild.RunAsync(folder, request, Sdk(request), TrustStore.OfThisHost(), progress, cancel)
            : await CloudBuild.RunAsync(engine, paths, folder, hash, request, Sdk(request), TrustStore.OfThisHost(), services, progress, cancel);
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

    private SdkSource? Sdk(ImageRequest request) => request.SdkVersion is null ? null : sdks.Locate(request.SdkVersion);

    // npm is not part of every machine: who wants its tools gets it with them.
    private static ImageRequest Complete(ImageRequest request) =>
        request.NpmTools.Count > 0 ? request with { Packages = [.. request.Packages.Union(["nodejs", "npm"])] } : request;
}
