using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Images;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Machine.Tool.Tests.Engines;

/// <summary>What an engine can't do is said by its name, before anything is made.</summary>
public sealed class AbilityTests : IDisposable
{
    private readonly ImagesFolder home = new();
    private readonly IEngine engine = Substitute.For<IEngine>();
    private readonly ProjectMachine machine;

    public AbilityTests()
    {
        engine.Name.Returns("plain");
        machine = new ProjectMachine(home.Paths, new ProjectRoot("/srv/shop"));
    }

    public void Dispose() => home.Dispose();

    [Fact]
    public void One_without_volumes_keeps_none() =>
        Should.Throw<MachineException>(() => new VolumeStore(machine, engine)).Message.ShouldBe("the engine plain keeps no volumes");

    [Fact]
    public void One_without_disk_files_builds_no_images() =>
        Should.Throw<MachineException>(() => new ProjectImage(home.Paths, engine, NullLoggerFactory.Instance)).Message.ShouldBe("the engine plain builds no images");

    [Fact]
    public async Task One_without_templates_makes_none() =>
        (await Should.ThrowAsync<MachineException>(() => new ProjectTemplate(home.Paths, engine, NullLoggerFactory.Instance)
            .EnsureAsync(machine, MachinefileReader.Read("", machine.Project, HostFacts.Current()), SilentProgress.Instance, TestContext.Current.CancellationToken))).Message.ShouldBe("the engine plain thaws no machines from templates");
}
