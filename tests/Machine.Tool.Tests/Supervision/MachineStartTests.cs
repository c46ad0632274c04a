using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;

namespace Machine.Tool.Tests.Supervision;

/// <summary>One start: booted, adopted, resumed, or thawed from a template that is no good.</summary>
public sealed class MachineStartTests : IDisposable
{
    private static readonly int Port = LoopbackPort.Free();

    private readonly SupervisedMachine machine = new($"sdk: none\nports: [{Port}]\nvolumes:\n  data: {{ guest: /data, size: 1GiB }}\n");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => machine.Dispose();

    [Fact]
    public async Task One_that_boots_is_remembered_and_its_fresh_volumes_are_formatted_once()
    {
        await StartAsync();

        machine.Guest.Asked.ShouldBe(["connect", "sh -s", $"forward {Port}:{Port}"]);
        machine.Record.Prepared.ShouldBeTrue();
        machine.Record.FreshVolumes.ShouldBeEmpty();
        machine.Record.Started.ShouldNotBeNull();
        StartedMachine.Read(machine.Folders.State)!.Machinefile.Ports.Single().Host.ShouldBe(Port);
        new VolumeStore(machine.Folders, machine.Engine).List().Select(volume => volume.Name).ShouldContain("data");
        machine.Guest.Inputs[0].ShouldContain("['data', 1, '/data']");
        machine.Guest.Services.ShouldBe([new GuestService(GuestLayout.ServicePort, machine.Folders.GuestSocket), new GuestService(GuestLayout.DoorPort, machine.Folders.DoorSocket)]);

        await StartAsync();
        machine.Guest.Inputs[^1].ShouldContain("['data', 0, '/data']");
    }

    [Fact]
    public async Task One_that_thaws_is_remembered_with_its_template_and_was_sent_the_programs_before()
    {
        var key = await machine.WithTemplateAsync();
        FrozenMachine? thawed = null;
        machine.Engine.Starting = (spec, _) =>
        {
            thawed = spec.Thaw;
            return Task.CompletedTask;
        };

        await StartAsync();

        thawed.ShouldNotBeNull().Folder.ShouldEndWith(key);
        machine.Record.TemplateKey.ShouldBe(key);
        machine.Guest.Inputs[0].ShouldNotContain("cat > /machine/bin/exec.pl");
    }

    [Fact]
    public async Task A_template_whose_machine_never_answers_is_used_no_more_and_the_machine_boots()
    {
        var key = await machine.WithTemplateAsync();
        var thaws = new List<bool>();
        machine.Engine.Starting = (spec, _) =>
        {
            thaws.Add(spec.Thaw is not null);
            return Task.CompletedTask;
        };
        FakeEngine.FakeProcess? silent = null;
        machine.Guest.Connecting = _ =>
        {
            silent ??= machine.Engine.Process;
            return thaws[^1] ? throw new MachineException("no answer") : Task.CompletedTask;
        };

        await StartAsync();

        thaws.ShouldBe([true, false]);
        silent!.HowItEnded.ShouldBe("killed");
        machine.Engine.Process!.IsRunning.ShouldBeTrue();
        machine.Record.TemplateKey.ShouldBeNull();
        machine.Progress.Notes.ShouldContain(note => note.Contains("booting instead", StringComparison.Ordinal));
        new TemplateStore(machine.Paths).Find(key, out _).ShouldBeNull();
    }

    [Fact]
    public async Task One_that_ran_already_is_connected_to_only_where_its_connection_has_gone()
    {
        var first = await StartAsync();
        var began = machine.Record.Started;

        await StartAsync();
        machine.Guest.Asked.Count(asked => asked == "connect").ShouldBe(1);
        await first.DisconnectAsync();
        await StartAsync();

        machine.Guest.Asked.Count(asked => asked == "connect").ShouldBe(2);
        machine.Engine.Starts.ShouldBe(1);
        machine.Record.Started.ShouldBe(began, "it is the same machine");
    }

    [Fact]
    public async Task One_that_was_never_prepared_is_begun_anew()
    {
        await StartAsync();
        var first = machine.Engine.Process!;
        (machine.Record with { Prepared = false }).Save(machine.Folders.State);

        await StartAsync();

        first.HowItEnded.ShouldBe("killed");
        machine.Engine.Starts.ShouldBe(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_holds_somebodys_work_outlives_a_start_that_fails(bool suspended)
    {
        var running = await StartAsync();
        if (suspended)
        {
            (await new MachineSuspend(machine.Folders, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance).RunAsync(running, (Tool.Engines.IFreezable)running.Machine)).ShouldBeNull();
        }
        else
        {
            await running.DisconnectAsync();
        }

        machine.Guest.Connecting = _ => throw new MachineException("no answer");

        await Should.ThrowAsync<MachineException>(StartAsync);

        machine.Engine.Process!.IsRunning.ShouldBeTrue();
        machine.Guest.Connecting = null;
        await StartAsync();
        machine.Engine.Starts.ShouldBe(suspended ? 2 : 1, "nothing was started in its place");
    }

    [Fact]
    public async Task One_whose_guest_lacks_this_tools_programs_is_sent_them()
    {
        await StartAsync();
        var asked = 0;
        machine.Guest.Running = (_, _) => Task.FromResult(FakeGuest.Says(asked++ == 0 ? GuestFiles.Missing : 0));

        await StartAsync();

        machine.Guest.Inputs[^2].ShouldNotContain("cat > /machine/bin/exec.pl");
        machine.Guest.Inputs[^1].ShouldContain("cat > /machine/bin/exec.pl");
    }

    [Fact]
    public async Task What_a_guest_says_of_its_failure_is_quoted_clean()
    {
        machine.Guest.Running = (_, _) => Task.FromResult(FakeGuest.Says(1, "mount: \u001b]52;c;Y2FuYXJ5\u0007 failed"));

        var failure = await Should.ThrowAsync<MachineException>(StartAsync);

        failure.Message.ShouldContain("the machine could not be prepared");
        failure.Message.ShouldContain("failed");
        failure.Message.ShouldNotContain("\u001b");
        machine.Engine.Process!.HowItEnded.ShouldBe("killed");
    }

    [Fact]
    public async Task A_port_that_another_program_has_is_told_before_anything_is_started()
    {
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, Port);
        other.Start();

        var failure = await Should.ThrowAsync<MachineException>(StartAsync);

        failure.Message.ShouldContain($"port {Port} of this host");
        failure.Remedy.ShouldNotBeNull().ShouldContain($"{Port + 1}:{Port}");
        machine.Engine.Starts.ShouldBe(0);
    }

    private async Task<RunningMachine> StartAsync() => await (await machine.WithImageAsync()).Start().RunAsync(TimeSpan.FromMinutes(1), Cancel);
}
