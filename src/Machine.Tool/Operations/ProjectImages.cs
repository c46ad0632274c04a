using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Operations;

/// <summary>The image that a project's Machinefile asks for, and the warm template made from it.</summary>
internal static class ProjectImages
{
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

        return KeptImage.Of(image);
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
}
