using System.Net;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Images;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Supervision;

/// <summary>A project whose machine has everything but an emulator and a guest: files, keys, locks and services are real.</summary>
internal sealed class SupervisedMachine : IDisposable
{
    private readonly ImagesFolder home = new();
    private readonly TestFolder project = new();
    private readonly CancellationTokenSource shutdown = new();

    // A machine that boots would have a warm template made, by a process that outlives the test.
    static SupervisedMachine() => Environment.SetEnvironmentVariable("MACHINE_WARM", "never");

    public SupervisedMachine(string machinefile = "sdk: none\nidle: never\n")
    {
        File.WriteAllText(project["Machinefile"], machinefile);
        Folders = new ProjectMachine(home.Paths, new ProjectRoot(ProjectRoot.RealPath(project.Path))).Create();
        new ApprovalStore(Paths).Approve(Folders.Project, MachinePlan.From(MachinefileReader.Read(Folders.Project), Folders.Project));
    }

    public FakeEngine Engine { get; } = new();

    public FakeGuest Guest { get; } = new(new GuestAddress(new IPEndPoint(IPAddress.Loopback, 1), "none", "none", "none"));

    public ProjectMachine Folders { get; }

    public MachinePaths Paths => home.Paths;

    /// <summary>What a start said.</summary>
    public RecordedProgress Progress { get; } = new();

    public MachineRecord Record => MachineRecord.Read(Folders.State)!;

    /// <summary>The image that the Machinefile asks for lies in the store.</summary>
    public async Task<SupervisedMachine> WithImageAsync()
    {
        var request = ProjectImage.Request(Folders.Project, MachinefileReader.Read(Folders.Project), Paths);
        var hash = new ImageBuilder(Paths, Engine).HashOf(request);
        if (new ImageStore(Paths).Find(hash) is null)
        {
            await home.CommitAsync(hash, request);
        }

        return this;
    }

    /// <summary>A warm template for it lies in the store.</summary>
    /// <returns>Its key.</returns>
    public async Task<string> WithTemplateAsync()
    {
        await WithImageAsync();
        var image = new ImageStore(Paths).List().Single();
        // The engine's fingerprint is the same for every spec.
        var key = await TemplateKey.OfAsync(Engine, image, null!, HostUser.Current, TestContext.Current.CancellationToken);
        await home.CommitTemplateAsync(key, image.Hash);
        return key;
    }

    public MachineStart Start() => new(Folders, Paths, Engine, NullLoggerFactory.Instance, Progress, (_, services) => Guest.Offered(services));

    /// <summary>Of a supervisor that begins now; what runs already is found by it.</summary>
    public MachineLifecycle Supervisor() => new(Folders, Paths, Engine, NullLoggerFactory.Instance, shutdown.Token, (_, services) => Guest.Offered(services));

    public void Dispose()
    {
        shutdown.Cancel();
        shutdown.Dispose();
        home.Dispose();
        project.Dispose();
    }
}
