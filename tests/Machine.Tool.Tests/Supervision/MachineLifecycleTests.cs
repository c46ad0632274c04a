using System.Runtime.CompilerServices;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;

namespace Machine.Tool.Tests.Supervision;

public sealed class MachineLifecycleTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-lifecycle-").FullName;
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_suspension_that_fails_with_whatever_leaves_a_machine_that_runs()
    {
        var starts = 0;
        var lifecycle = Lifecycle(() => starts++, _ => Task.FromException<string?>(new NotSupportedException("a surprise")));
        await ReadyAsync(lifecycle);

        (await lifecycle.SuspendAsync()).ShouldBe("a surprise");

        await ReadyAsync(lifecycle);
        lifecycle.State.ShouldBe(MachineState.Running);
        lifecycle.Awake.ShouldBe("a surprise");
        starts.ShouldBe(2, "it is connected to again");
    }

    [Fact]
    public async Task Stop_goes_on_where_a_suspension_failed()
    {
        var frozen = new TaskCompletionSource<string?>();
        var lifecycle = Lifecycle(() => { }, _ => frozen.Task);
        await ReadyAsync(lifecycle);

        var suspending = lifecycle.SuspendAsync();
        var stopping = lifecycle.StopAsync(cancel);
        frozen.SetException(new NotSupportedException("a surprise"));

        (await suspending).ShouldBe("a surprise");
        await stopping.WaitAsync(TimeSpan.FromSeconds(30), cancel);
        lifecycle.Gone.IsCompleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(typeof(NotSupportedException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    [InlineData(typeof(NullReferenceException))]
    public async Task Whatever_goes_wrong_in_it_is_a_reason_to_stay_up(Type surprise)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs ssh as on Unix");
        var machine = Machine();
        machine.DisposeAsync().Returns(_ => throw (Exception)Activator.CreateInstance(surprise)!);

        (await new MachineSuspend(Folders(), NullLogger.Instance).RunAsync(Running(machine))).ShouldNotBeNull();
    }

    private MachineLifecycle Lifecycle(Action started, Func<RunningMachine, Task<string?>> suspends)
    {
        var engine = Substitute.For<IEngine>();
        engine.AdoptAsync("", "", default).ReturnsForAnyArgs(Task.FromResult<IEngineMachine?>(null));
        return new MachineLifecycle(
            Folders(), MachinePaths.At(folder), engine, NullLoggerFactory.Instance, cancel,
            _ =>
            {
                started();
                return Task.FromResult(Running(Machine()));
            },
            suspends);
    }

    private static async Task ReadyAsync(MachineLifecycle lifecycle)
    {
        await lifecycle.Start()!.Value.Ready;
        lifecycle.Leave();
    }

    private ProjectMachine Folders()
    {
        Directory.CreateDirectory(Path.Combine(folder, "project"));
        return new ProjectMachine(MachinePaths.At(folder), new ProjectRoot(ProjectRoot.RealPath(Path.Combine(folder, "project"))));
    }

    private static IEngineMachine Machine()
    {
        var machine = Substitute.For<IEngineMachine>();
        machine.Exited.Returns(new TaskCompletionSource<string>().Task);
        machine.Trouble.Returns((string?)null);
        return machine;
    }

    // Its ssh reaches nothing: the guest does not let go.
    private RunningMachine Running(IEngineMachine machine)
    {
        var guest = new GuestAddress(1, "none", "none", Path.Combine(folder, "ssh"));
        var project = new ProjectRoot(Path.Combine(folder, "project"));
        File.WriteAllText(project.Machinefile, "");
        var started = new StartedMachine(1, null!, MachinefileReader.Read(project), "");
        var services = (ServiceHost)RuntimeHelpers.GetUninitializedObject(typeof(ServiceHost));
        return new RunningMachine(machine, new SshSession(guest), services, started, MachineRecord.ReadOrNew(folder, project, "none"), NullLogger.Instance);
    }
}
