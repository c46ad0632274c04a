using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Engines;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Machine.Tool.Tests.Supervision;

public sealed class MachineBootTests : IDisposable
{
    private readonly TestFolder folder = new();
    private readonly IEngine engine = Substitute.For<IEngine>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_suspended_machine_whose_process_was_killed_while_it_loaded_is_loaded_again()
    {
        Suspend();
        var machine = Substitute.For<IEngineMachine>();
        engine.StartAsync(default!, default!, default).ReturnsForAnyArgs(_ => throw new CannotThawException("QEMU ended"), _ => machine);

        (await ResumeAsync())!.Value.Machine.ShouldBe(machine);

        Suspension.IsThere(folder.Path).ShouldBeFalse();
    }

    [Fact]
    public async Task One_that_never_loads_is_given_up_and_boots()
    {
        Suspend();
        engine.StartAsync(default!, default!, default).ReturnsForAnyArgs<IEngineMachine>(_ => throw new CannotThawException("of another QEMU"));

        (await ResumeAsync()).ShouldBeNull();

        Suspension.IsThere(folder.Path).ShouldBeFalse();
    }

    [Fact]
    public async Task A_host_that_cannot_run_it_now_does_not_cost_its_work()
    {
        Suspend();
        engine.StartAsync(default!, default!, default).ReturnsForAnyArgs<IEngineMachine>(_ => throw new MachineException("no memory"));

        await Should.ThrowAsync<MachineException>(ResumeAsync);

        Suspension.IsThere(folder.Path).ShouldBeTrue();
    }

    private Task<(IEngineMachine Machine, StartedMachine Started)?> ResumeAsync() =>
        new MachineBoot(QemuFixture.Paths(folder["home"]), engine, NullLogger.Instance, SilentProgress.Instance)
            .TryResumeAsync(folder.Path, new Dictionary<string, string>(), Cancel);

    private void Suspend()
    {
        Directory.CreateDirectory(Suspension.Folder(folder.Path));
        var spec = new MachineSpec
        {
            Id = "shop-12345678",
            Folder = folder.Path,
            RuntimeFolder = folder["run"],
            Image = new BootImage(null, null, new DiskFile(folder["disk"], "raw")),
            Cpus = 1,
            MemoryBytes = 64L << 20,
            DiskBytes = 64L << 20,
            Shares = [],
            Volumes = [],
            Identity = new Dictionary<string, string>(),
        };
        File.WriteAllText(Path.Combine(folder.Folder("project"), "Machinefile"), "");
        new StartedMachine(StartedMachine.CurrentVersion, spec, MachinefileReader.Read(new ProjectRoot(folder["project"])), "").Save(folder.Path);
    }
}
