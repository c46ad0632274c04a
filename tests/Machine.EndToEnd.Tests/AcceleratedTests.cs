using System.Text.Json;
using Machine.Tool.Engines.Qemu;

namespace Machine.EndToEnd.Tests;

/// <summary>What the rig is for: machines run with the accelerator, and what depends on it holds.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class AcceleratedTests(SharedMachine shared)
{
    private static readonly IReadOnlyDictionary<string, string?> Unforced = new Dictionary<string, string?> { [AcceleratorChoice.Variable] = null };

    private readonly ProjectFolder project = shared.Project;

    [Fact]
    public async Task The_guests_hypervisor_is_KVM()
    {
        Rig.SkipUnlessHere();
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

    [Fact]
    public async Task A_KVM_that_works_is_found_and_one_that_is_too_slow_is_refused_in_words()
    {
        Rig.SkipUnlessHere();
        var home = Directory.CreateTempSubdirectory("machine-probe-home-").FullName;
        try
        {
            (await DoctorAsync()).ShouldContain("kvm: boots in ");
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }

        // Whatever the host, that is too short.
        var hasty = await AcceleratorProbe.RunAsync(
            await QemuProgram.FindAsync(TestContext.Current.CancellationToken), "kvm", ["host"], TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken);
        hasty.Works.ShouldBeFalse();
        hasty.Reason.ShouldContain("it did not boot within");

        async Task<string> DoctorAsync() => (await ToolRun.RunAsync(project.Path, ["doctor"], environment: new Dictionary<string, string?>(Unforced)
        {
            ["MACHINE_HOME"] = home,
        })).Output;
    }

    [Theory]
    [InlineData("host")]
    [InlineData("Nehalem")]
    [InlineData("EPYC")]
    public async Task A_processor_boots_by_its_model(string cpu)
    {
        Rig.SkipUnlessHere();
        var result = await AcceleratorProbe.RunAsync(await QemuProgram.FindAsync(TestContext.Current.CancellationToken), "kvm", [cpu], AcceleratorProbe.Deadline, TestContext.Current.CancellationToken);
        result.Works.ShouldBeTrue(result.Reason);
    }

    [Fact]
    public async Task Who_is_not_in_the_devices_group_is_told_so()
    {
        Rig.SkipUnlessHere();
        var home = Directory.CreateTempSubdirectory("machine-nobody-").FullName;
        try
        {
            await project.HostAsync("chown", "nobody", home);
            var said = await ProjectFolder.HostInAsync("/", "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", "-u", AcceleratorChoice.Variable, $"HOME={home}", $"MACHINE_HOME={home}/state", "sh", "-c", "cd; \"$0\" doctor || true", ToolRun.Program);
            said.ShouldContain("/dev/kvm is for the group kvm, in which you are not");
            said.ShouldContain("sudo usermod -aG kvm nobody");
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public async Task A_machine_with_an_SDK_builds()
    {
        Rig.SkipUnlessHere();
        await using var console = new ProjectFolder("console", "sdk: global.json\nmemory: 2GiB\nidle: never\n");
        (await console.ExecAsync("dotnet", "--version")).ShouldSucceed();
        (await console.ExecAsync("dotnet", "new", "console", "-o", "app", "--no-restore")).ShouldSucceed();
        (await console.ExecAsync("dotnet", "run", "--project", "app")).ShouldSucceed().Output.ShouldContain("Hello, World!");
    }
}
