using Machine.Tool.Control;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;

namespace Machine.Tool.Tests.Supervision;

/// <summary>Whatever happens while whatever is under way: the machine ends in a state that the next command can go on from, and nothing waits for ever.</summary>
public sealed class MachineLifecycleTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly SupervisedMachine machine = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => machine.Dispose();

    [Fact]
    public async Task Two_clients_wait_for_one_start()
    {
        var supervisor = await BegunAsync();

        var (one, two) = (supervisor.Enter()!.Value.Ready, supervisor.Enter()!.Value.Ready);

        (await one.WaitAsync(Limit, Cancel)).ShouldBe(await two.WaitAsync(Limit, Cancel));
        machine.Engine.Starts.ShouldBe(1);
        supervisor.InUse.ShouldBeTrue();
        supervisor.Leave();
        supervisor.InUse.ShouldBeTrue("one of two is still there");
    }

    [Theory]
    [InlineData("starting")]
    [InlineData("connecting")]
    [InlineData("preparing")]
    public async Task A_stop_gives_up_a_start_at_whatever_it_is(string at)
    {
        var supervisor = await BegunAsync();
        var reached = Hold(at);
        var ready = supervisor.Enter()!.Value.Ready;
        await reached.WaitAsync(Limit, Cancel);

        await supervisor.StopAsync(Cancel).WaitAsync(Limit, Cancel);

        await Should.ThrowAsync<OperationCanceledException>(() => ready);
        supervisor.State.ShouldBe(MachineState.Stopping);
        supervisor.Gone.IsCompleted.ShouldBeTrue();
        supervisor.Enter().ShouldBeNull("the next supervisor is to be asked");
        machine.Engine.Process?.IsRunning.ShouldBe(false);
    }

    [Theory]
    [InlineData("starting")]
    [InlineData("connecting")]
    [InlineData("preparing")]
    public async Task A_start_that_fails_ends_the_supervisor_and_the_next_one_starts_anew(string at)
    {
        var supervisor = await BegunAsync();
        Fail(at);

        (await Should.ThrowAsync<MachineException>(() => supervisor.Enter()!.Value.Ready.WaitAsync(Limit, Cancel))).Message.ShouldContain("a failure");

        await supervisor.Gone.WaitAsync(Limit, Cancel);
        supervisor.Enter().ShouldBeNull();
        machine.Engine.Process?.IsRunning.ShouldBe(false, "nobody's work was in it");
        Fail(null);
        await ReadyAsync(machine.Supervisor());
    }

    [Fact]
    public async Task A_suspended_machine_goes_on_under_the_next_supervisor()
    {
        var supervisor = await RunningAsync();

        (await supervisor.SuspendAsync().WaitAsync(Limit, Cancel)).ShouldBeNull();

        supervisor.Gone.IsCompleted.ShouldBeTrue();
        supervisor.State.ShouldBe(MachineState.Suspended);
        supervisor.Enter().ShouldBeNull();
        machine.Engine.Process!.HowItEnded.ShouldBe("frozen");
        Suspension.IsThere(machine.Folders.State).ShouldBeTrue();
        var thawed = new List<FrozenMachine?>();
        machine.Engine.Starting = (spec, _) =>
        {
            thawed.Add(spec.Thaw);
            return Task.CompletedTask;
        };
        await ReadyAsync(machine.Supervisor());
        thawed.Single().ShouldNotBeNull();
        Suspension.IsThere(machine.Folders.State).ShouldBeFalse("it is used once");
    }

    [Fact]
    public async Task A_freeze_that_fails_with_whatever_leaves_a_machine_that_runs()
    {
        var supervisor = await RunningAsync();
        machine.Engine.Process!.Freezing = _ => throw new NotSupportedException("a surprise");

        (await supervisor.SuspendAsync().WaitAsync(Limit, Cancel)).ShouldBe("a surprise");

        supervisor.Awake.ShouldBe("a surprise");
        await ReadyAsync(supervisor);
        supervisor.State.ShouldBe(MachineState.Running);
        machine.Engine.Starts.ShouldBe(1, "it is connected to again");
        machine.Guest.IsConnected.ShouldBeTrue();
        Suspension.IsThere(machine.Folders.State).ShouldBeFalse();
    }

    [Fact]
    public async Task An_engine_that_freezes_no_machines_says_so_and_the_machine_runs_on()
    {
        machine.Engine.Freezes = false;
        var supervisor = await RunningAsync();

        (await supervisor.SuspendAsync().WaitAsync(Limit, Cancel)).ShouldBe("the engine fake freezes no machines");

        supervisor.State.ShouldBe(MachineState.Running);
        machine.Engine.Process!.IsRunning.ShouldBeTrue();
        machine.Guest.IsConnected.ShouldBeTrue();
    }

    [Fact]
    public async Task A_guest_that_does_not_let_go_of_the_project_stays_up()
    {
        var supervisor = await RunningAsync();
        machine.Guest.Running = (line, _) => Task.FromResult(line.Contains("suspend.pl", StringComparison.Ordinal) ? FakeGuest.Says(1, "less than one\nvim works in \u001b[31mit") : FakeGuest.Says(0));

        var reason = await supervisor.SuspendAsync().WaitAsync(Limit, Cancel);

        reason.ShouldNotBeNull().ShouldContain("vim works in");
        reason.ShouldNotContain("\u001b", customMessage: "a guest's words are cleaned");
        await ReadyAsync(supervisor);
        machine.Engine.Process!.IsRunning.ShouldBeTrue();
    }

    [Fact]
    public async Task Who_wants_a_machine_while_it_is_suspended_gets_it_resumed()
    {
        var supervisor = await RunningAsync();
        var (freezing, frozen) = HoldFreeze();
        var suspending = supervisor.SuspendAsync();
        await freezing.WaitAsync(Limit, Cancel);

        var ready = supervisor.Enter()!.Value.Ready;
        supervisor.State.ShouldBe(MachineState.Starting);
        frozen.SetResult();

        await ready.WaitAsync(Limit, Cancel);
        (await suspending.WaitAsync(Limit, Cancel)).ShouldBeNull();
        supervisor.State.ShouldBe(MachineState.Running);
        supervisor.Gone.IsCompleted.ShouldBeFalse();
        machine.Engine.Starts.ShouldBe(2);
        Suspension.IsThere(machine.Folders.State).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stop_while_it_is_suspended_stops_it_however_that_ends(bool frozen)
    {
        var supervisor = await RunningAsync();
        var (freezing, held) = HoldFreeze();
        var suspending = supervisor.SuspendAsync();
        await freezing.WaitAsync(Limit, Cancel);

        var stopping = supervisor.StopAsync(Cancel);
        if (frozen)
        {
            held.SetResult();
        }
        else
        {
            held.SetException(new MachineException("it does not freeze"));
        }

        await stopping.WaitAsync(Limit, Cancel);
        (await suspending.WaitAsync(Limit, Cancel)).ShouldBe(frozen ? null : "it does not freeze");
        machine.Engine.Process!.HowItEnded.ShouldBe(frozen ? "frozen" : "powered off");
        Suspension.IsThere(machine.Folders.State).ShouldBeFalse("a stopped machine is not resumed");
        supervisor.Gone.IsCompleted.ShouldBeTrue();
        machine.Engine.Starts.ShouldBe(1);
    }

    [Fact]
    public async Task One_that_dies_while_it_runs_ends_its_supervisor()
    {
        var supervisor = await RunningAsync();

        machine.Engine.Process!.End("died");

        await supervisor.Gone.WaitAsync(Limit, Cancel);
        supervisor.State.ShouldBe(MachineState.Stopping);
        supervisor.Enter().ShouldBeNull();
        (await supervisor.SuspendAsync()).ShouldBe("it is stopping");
        await ReadyAsync(machine.Supervisor());
        machine.Engine.Starts.ShouldBe(2);
    }

    [Fact]
    public async Task One_that_dies_while_it_is_suspended_is_started_anew()
    {
        var supervisor = await RunningAsync();
        machine.Engine.Process!.Freezing = _ =>
        {
            machine.Engine.Process!.End("died");
            throw new MachineException("the machine ended");
        };

        (await supervisor.SuspendAsync().WaitAsync(Limit, Cancel)).ShouldBe("the machine ended");

        machine.Engine.Process.Freezing = null;
        await ReadyAsync(supervisor);
        supervisor.State.ShouldBe(MachineState.Running);
        machine.Engine.Starts.ShouldBe(2);
    }

    [Fact]
    public async Task One_that_is_in_use_is_not_suspended()
    {
        var supervisor = await BegunAsync();
        await supervisor.Enter()!.Value.Ready.WaitAsync(Limit, Cancel);

        (await supervisor.SuspendAsync()).ShouldBe("a command is running");

        supervisor.Leave();
        (await supervisor.SuspendAsync().WaitAsync(Limit, Cancel)).ShouldBeNull();
        (await supervisor.SuspendAsync()).ShouldBe("it is suspended");
    }

    [Theory]
    [InlineData(0, "powered off")]
    [InlineData(1, "shut down")]
    public async Task A_stop_waits_for_a_shutdown_only_where_volumes_did_not_freeze(int exitCode, string how)
    {
        var supervisor = await RunningAsync();
        machine.Guest.Running = (_, _) => Task.FromResult(FakeGuest.Says(exitCode));

        await supervisor.StopAsync(Cancel).WaitAsync(Limit, Cancel);

        machine.Engine.Process!.HowItEnded.ShouldBe(how);
        machine.Guest.IsConnected.ShouldBeFalse();
    }

    [Fact]
    public async Task A_guest_that_does_not_answer_is_stopped_all_the_same()
    {
        var supervisor = await RunningAsync();
        machine.Guest.Running = (_, _) => throw new MachineException("the guest did not end");

        await supervisor.StopAsync(Cancel).WaitAsync(Limit, Cancel);

        machine.Engine.Process!.HowItEnded.ShouldBe("shut down");
    }

    [Fact]
    public async Task What_serves_a_guest_ends_where_it_does_not_answer_a_suspension()
    {
        var supervisor = await RunningAsync();
        machine.Guest.Running = (line, _) => line.Contains("suspend.pl", StringComparison.Ordinal) ? throw new MachineException("the guest did not end") : Task.FromResult(FakeGuest.Says(0));

        (await supervisor.SuspendAsync().WaitAsync(Limit, Cancel)).ShouldBe("the guest did not end");

        machine.Guest.Asked.ShouldContain("close");
        await ReadyAsync(supervisor);
    }

    [Fact]
    public async Task A_machine_that_lost_its_supervisor_is_stopped_with_clean_volumes()
    {
        await RunningAsync();
        (machine.Record with { TemplateKey = "key" }).Save(machine.Folders.State);

        var next = machine.Supervisor();
        await next.StopAsync(Cancel).WaitAsync(Limit, Cancel);

        machine.Engine.Process!.HowItEnded.ShouldBe("powered off");
        machine.Guest.Asked.ShouldContain(asked => asked.Contains("freeze.sh", StringComparison.Ordinal));
        machine.Record.TemplateKey.ShouldBeNull();
    }

    // Adopts, starts and stops are of one image, which is there.
    private async Task<MachineLifecycle> BegunAsync()
    {
        await machine.WithImageAsync();
        return machine.Supervisor();
    }

    private async Task<MachineLifecycle> RunningAsync()
    {
        var supervisor = await BegunAsync();
        await ReadyAsync(supervisor);
        return supervisor;
    }

    private static async Task ReadyAsync(MachineLifecycle supervisor)
    {
        await supervisor.Enter()!.Value.Ready.WaitAsync(Limit, Cancel);
        supervisor.Leave();
    }

    // Completes when the start is there; from then on it waits until it is given up.
    private Task Hold(string at)
    {
        var reached = new TaskCompletionSource();
        Do(at, cancel =>
        {
            reached.TrySetResult();
            return Task.Delay(Timeout.Infinite, cancel);
        });
        return reached.Task;
    }

    private void Fail(string? at) => Do(at, at is null ? null : _ => throw new MachineException("a failure"));

    private void Do(string? at, Func<CancellationToken, Task>? what)
    {
        machine.Engine.Starting = at is null or "starting" && what is not null ? (_, cancel) => what(cancel) : null;
        machine.Guest.Connecting = at == "connecting" ? what : null;
        machine.Guest.Running = at != "preparing" ? null : async (line, cancel) =>
        {
            await (line == "sh -s" ? what!(cancel) : Task.CompletedTask);
            return FakeGuest.Says(0);
        };
    }

    private (Task Freezing, TaskCompletionSource Frozen) HoldFreeze()
    {
        var freezing = new TaskCompletionSource();
        var frozen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        machine.Engine.Process!.Freezing = async cancel =>
        {
            freezing.TrySetResult();
            await frozen.Task.WaitAsync(cancel);
        };
        return (freezing.Task, frozen);
    }
}
