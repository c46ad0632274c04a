using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Store;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Sdks;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>Finds or builds the image that a project's Machinefile asks for.</summary>
internal sealed class ProjectImage(MachinePaths paths, IEngine engine, ILoggerFactory logs)
{
    private readonly IDiskEngine disks = engine.Require<IDiskEngine>("builds no images");

    public static ImageRequest Request(ProjectRoot project, Machinefile machinefile, MachinePaths paths) => new()
    {
        Base = machinefile.Image,
        BaseSha256 = machinefile.ImageSha256,
        SdkVersion = new SdkResolver(paths).Resolve(project.Path, machinefile.Sdk)?.Version,
        Packages = machinefile.Docker ? WithDocker(machinefile) : machinefile.Packages,
        NpmTools = machinefile.NpmTools,
        DotnetTools = machinefile.DotnetTools,
        Provision = machinefile.Provision,
    };

    // One that the file names itself may be pinned there to a version.
    private static List<string> WithDocker(Machinefile machinefile) =>
        [.. machinefile.Packages, .. Distribution.DockerOf(machinefile.Image).Where(name => !machinefile.Packages.Any(named => named.Split(':', '=')[0] == name))];

    /// <summary>The name of the image; asks for tools only where they are not known.</summary>
    public async Task<string> HashAsync(ProjectMachine machine, Machinefile machinefile, IProgressSink progress, CancellationToken cancel)
    {
        var builder = new ImageBuilder(paths, disks);
        var request = Request(machine.Project, machinefile, paths);
        if (builder.Knows(request))
        {
            return await builder.HashAsync(request, [], progress, cancel);
        }

        // Nothing of a machine is made by asking for a name.
        MachinePaths.CreatePrivate(paths.Home);
        OwnFolder.CreatePrivate(paths.Runtime);
        var log = Path.Combine(MachinePaths.CreatePrivate(Path.Combine(paths.Home, "tools")), "packages.log");
        await using var services = await ServiceHost.StartAsync(
            Path.Combine(paths.Runtime, $"hash-{Environment.ProcessId}"), project: null, paths, log, machine: null, logs, cancel);
        return await builder.HashAsync(request, [new GuestService(GuestLayout.ServicePort, services.Socket)], progress, cancel);
    }

    /// <param name="refresh">Asks anew what the tools are.</param>
    public async Task<Image> EnsureAsync(ProjectMachine machine, Machinefile machinefile, IProgressSink progress, CancellationToken cancel, bool refresh = false)
    {
        // Not after minutes of building what would not be started.
        await engine.RequireAsync(machinefile, progress, cancel);
        var request = Request(machine.Project, machinefile, paths);
        await using var services = await ServeAsync(machine, cancel);
        var builder = new ImageBuilder(paths, disks, archives: token => ArchiveDoor.OpenAsync(Path.Combine(machine.Runtime, "archives"), logs, token));
        return await builder.EnsureAsync(
            request, [new GuestService(GuestLayout.ServicePort, services.Socket)], progress, cancel, refresh);
    }

    // Served only to the build: at run time no guest sees the npm registry. An image is everybody's: of the project's configuration nothing is read.
    private Task<ServiceHost> ServeAsync(ProjectMachine machine, CancellationToken cancel) =>
        ServiceHost.StartAsync(Path.Combine(machine.Runtime, "build"), project: null, paths, machine.PackagesLog, machine: null, logs, cancel);
}
