using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>What the rig is for: machines run with the accelerator, and what depends on it holds.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class AcceleratedTests(SharedMachine shared)
{
    private readonly ProjectFolder project = shared.Project;

    [Fact]
    public async Task The_guests_hypervisor_is_KVM()
    {
        Assert.SkipUnless(Rig.IsHere, "needs a KVM that works: ./test.sh --kvm");
        JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement.GetProperty("accelerator").GetString().ShouldBe("kvm");
        // As the guest sees it, whatever this tool says.
        (await project.ExecAsync("cat", "/sys/devices/system/clocksource/clocksource0/current_clocksource")).ShouldSucceed().Output.ShouldBe("kvm-clock\n");
    }

    [Fact]
    public async Task Ten_suspends_in_turn_lose_neither_time_nor_work()
    {
        Assert.SkipUnless(Rig.IsHere || Slow.IsAsked, "takes many minutes in an emulated machine: run it with ./test.sh --all");
        (await project.ExecAsync("sh", "-c", "echo kept > /dev/shm/turns")).ShouldSucceed();
        for (var turn = 1; turn <= 10; turn++)
        {
            (await project.RunAsync("suspend")).ShouldSucceed();
            var began = DateTimeOffset.UtcNow;
            var said = (await project.ExecAsync("sh", "-c", "cat /dev/shm/turns; date +%s")).ShouldSucceed().Output.Split('\n');
            said[0].ShouldBe("kept", $"turn {turn}");
            Clock.ShouldBeRight(began, said[1]);
        }
    }
}
