using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;

namespace Machine.Tool.Operations;

/// <summary>What a prune took away.</summary>
/// <param name="FreedBytes">On this host's disk.</param>
internal sealed record Pruned(int Images, int Templates, long FreedBytes);

/// <summary>The images that all projects of this host share, and the warm templates made from them.</summary>
internal sealed class HostImages(MachinePaths paths)
{
    private readonly ImageStore images = new(paths);
    private readonly TemplateStore templates = new(paths);

    public static HostImages Here() => new(MachinePaths.FromEnvironment());

    public IReadOnlyList<ImageListing> List()
    {
        var bytes = templates.List().ToLookup(template => template.Facts.Image, template => template.SizeBytes);
        return [.. images.List().Select(image => ImageListing.Of(image, KnownMachines.OnImage(paths, image.Hash), bytes[image.Hash].Sum()))];
    }

    /// <param name="hashes">Or their beginnings.</param>
    /// <param name="tell">Told of each that is gone.</param>
    /// <exception cref="MachineException">There is no such image, or a machine uses it.</exception>
    public async Task RemoveAsync(IReadOnlyList<string> hashes, Action<string> tell, CancellationToken cancel)
    {
        foreach (var hash in hashes)
        {
            await images.RemoveAsync(hash, cancel);
            tell(hash);
        }

        await templates.PruneAsync(TemplateBuild.MostTemplates);
    }

    /// <param name="days">Only what nobody used for so many; 0 for all that no machine uses.</param>
    public async Task<Pruned> PruneAsync(int days, CancellationToken cancel)
    {
        var removed = await images.PruneAsync(TimeSpan.FromDays(days), cancel);
        var cold = await templates.PruneAsync(days == 0 ? 0 : TemplateBuild.MostTemplates);
        return new Pruned(removed.Count, cold.Count, removed.Sum(image => image.SizeBytes) + cold.Sum(template => template.SizeBytes));
    }

    /// <summary>Writes one as one file.</summary>
    /// <param name="hash">Or its beginning.</param>
    /// <exception cref="MachineException">There is none, or the file can't be written.</exception>
    public async Task<KeptImage> ExportAsync(string hash, string file, Func<IProgressSink> progress, CancellationToken cancel)
    {
        var image = images.Find(hash) ?? throw new MachineException($"there is no image {hash}", "dotnet machine image list");
        await new ImageArchive(paths).ExportAsync(image, file, progress(), cancel);
        return KeptImage.Of(image);
    }

    /// <summary>Adds what was exported; one that is there already stays.</summary>
    /// <exception cref="MachineException">The file holds no image.</exception>
    public async Task<KeptImage> ImportAsync(string file, Func<IProgressSink> progress, CancellationToken cancel) =>
        KeptImage.Of(await new ImageArchive(paths).ImportAsync(file, progress(), cancel));
}
