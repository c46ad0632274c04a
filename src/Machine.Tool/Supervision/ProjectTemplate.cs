using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Finds or makes the warm template that a project's machine thaws from.</summary>
internal sealed class ProjectTemplate(MachinePaths paths, IEngine engine, ILoggerFactory logs)
{
    public async Task<WarmTemplate> EnsureAsync(ProjectMachine machine, Machinefile machinefile, IProgressSink progress, CancellationToken cancel)
    {
        var templates = engine.Require<ITemplateEngine>("thaws no machines from templates");
        progress.Step("image " + machinefile.Image);
        var image = await new ProjectImage(paths, engine, logs).EnsureAsync(machine, machinefile, progress, cancel);
        var spec = MachineSpecs.Of(machine, machinefile, image, [], new Dictionary<string, string>());

        // Test packages for the heating come as any package comes: through the host's feed.
        await using var services = await ServiceHost.StartAsync(
            Path.Combine(machine.Runtime, "warm"), project: null, paths, machine.PackagesLog, MachineServices.None, logs, cancel);
        return await new TemplateBuild(paths, templates).EnsureAsync(
            image, spec, HostUser.Current, [new GuestService(GuestLayout.ServicePort, services.Socket)], progress, cancel);
    }
}
