using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Operations;

/// <summary>What a prune took away.</summary>
/// <param name="FreedBytes">On this host's disk.</param>
internal sealed record Pruned(int Images, int Templates, long FreedBytes);

/// <summary>An image or a warm template, by its whole name.</summary>
internal sealed record KeptImage(string Name, long SizeBytes)
{
    public string ShortName => Name[..Math.Min(12, Name.Length)];
}

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

    /// <summary>Builds the image that a project's Machinefile asks for, if it is not there.</summary>
    /// <param name="refresh">Which versions its tools have is asked anew.</param>
    /// <exception cref="MachineException">Nobody approved what the Machinefile asks, or a build fails.</exception>
    public static async Task<KeptImage> BuildAsync(OpenedProject project, bool refresh, IConsent consent, Func<IProgressSink> progress, CancellationToken cancel)
    {
        PlanApproval.Require(project, consent);
        project.Folders.Create();
        var engine = EngineCatalog.Default(project.Paths);
        var shown = progress();
        shown.Step("image " + project.Machinefile.Image);
        var image = await new ProjectImage(project.Paths, engine, NullLoggerFactory.Instance).EnsureAsync(project.Folders, project.Machinefile, shown, cancel, refresh);
        if (!MachineRecord.IsThere(project.Folders.State))
        {
            // Its folder has a log now: `list` and `destroy` must know whose it is.
            MachineRecord.ReadOrNew(project.Folders.State, project.Project, engine.Name).Save(project.Folders.State);
        }

        return Of(image);
    }

    /// <returns>The name of the image that a project's Machinefile asks for, built or not.</returns>
    public static Task<string> HashAsync(OpenedProject project, Func<IProgressSink> progress, CancellationToken cancel) =>
        new ProjectImage(project.Paths, EngineCatalog.Default(project.Paths), NullLoggerFactory.Instance).HashAsync(project.Folders, project.Machinefile, progress(), cancel);

    /// <summary>Makes the warm template that a project's machine thaws from, if it is not there.</summary>
    /// <exception cref="MachineException">Nobody approved what the Machinefile asks, or it can't be made.</exception>
    public static async Task<KeptImage> WarmAsync(OpenedProject project, IConsent consent, Func<IProgressSink> progress, CancellationToken cancel)
    {
        PlanApproval.Require(project, consent);
        project.Folders.Create();
        var template = await new ProjectTemplate(project.Paths, EngineCatalog.Default(project.Paths), NullLoggerFactory.Instance)
            .EnsureAsync(project.Folders, project.Machinefile, progress(), cancel);
        return new KeptImage(template.Key, template.SizeBytes);
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

    /// <param name="hash">Or its beginning.</param>
    /// <exception cref="MachineException">There is none, or the file can't be written.</exception>
    public async Task<KeptImage> ExportAsync(string hash, string file, Func<IProgressSink> progress, CancellationToken cancel)
    {
        var image = images.Find(hash) ?? throw new MachineException($"there is no image {hash}", "dotnet machine image list");
        await new ImageArchive(paths).ExportAsync(image, file, progress(), cancel);
        return Of(image);
    }

    /// <exception cref="MachineException">The file holds no image.</exception>
    public async Task<KeptImage> ImportAsync(string file, Func<IProgressSink> progress, CancellationToken cancel) =>
        Of(await new ImageArchive(paths).ImportAsync(file, progress(), cancel));

    private static KeptImage Of(Image image) => new(image.Hash, image.SizeBytes);
}
