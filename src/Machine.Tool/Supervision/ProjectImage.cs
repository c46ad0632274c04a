using Machine.Tool.Engines;
using Machine.Tool.Guest;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Sdks;
using Machine.Tool.Machinefiles;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Finds or builds the image that a project's Machinefile asks for.</summary>
internal sealed class ProjectImage(MachinePaths paths, IEngine engine, ILoggerFactory logs)
{
    public static ImageRequest Request(ProjectRoot project, Machinefile machinefile, MachinePaths paths) => new(
        machinefile.Image,
        machinefile.ImageSha256,
        new SdkResolver(paths).Resolve(project.Path, machinefile.Sdk)?.Version,
        machinefile.Packages,
        machinefile.NpmTools,
        machinefile.DotnetTools,
        [.. machinefile.Provision.Select(script => Path.Combine(project.Path, script))]);

    public async Task<Image> EnsureAsync(MachineFolders machine, Machinefile machinefile, IProgressSink progress, CancellationToken cancel)
    {
        if (machinefile.RequiresAccelerator)
        {
            await engine.RequireAcceleratorAsync(progress, cancel);
        }

        var request = Request(machine.Project, machinefile, paths);

        // Served only to the build: at run time no guest sees the npm registry.
        await using var services = await ServiceHost.StartAsync(
            Path.Combine(machine.Runtime, "build"), project: null, paths, machine.PackagesLog, forImages: true, logs, cancel);
        return await new ImageBuilder(paths, engine).EnsureAsync(
            request, [new BuildService(GuestLayout.ServicePort, services.Socket)], progress, cancel);
    }
}
