using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

/// <summary>Changes the PATH of the whole process, so nothing runs beside it.</summary>
[CollectionDefinition(nameof(QemuMissingTests), DisableParallelization = true)]
[Collection(nameof(QemuMissingTests))]
public sealed class QemuMissingTests : IAsyncDisposable
{
    private readonly QemuFixture qemu = new();
    private readonly string? path = Environment.GetEnvironmentVariable("PATH");

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable("PATH", path);
        Environment.SetEnvironmentVariable(AcceleratorChoice.Variable, null);
        await qemu.DisposeAsync();
    }

    [Fact]
    public async Task Starting_without_QEMU_says_what_to_install()
    {
        var spec = await qemu.EmptyMachineAsync();
        Hide();
        var failure = await Should.ThrowAsync<MachineException>(() => qemu.StartAsync(spec with { RootDisk = spec.Image.Disk }));
        failure.Message.ShouldContain("not installed");
        failure.Remedy.ShouldNotBeNull().ShouldContain(QemuProgram.Package);
    }

    [Fact]
    public async Task Doctor_says_what_is_missing_and_does_not_throw()
    {
        Hide();
        var checks = await qemu.Engine.CheckAsync(TestContext.Current.CancellationToken);
        checks.Select(check => check.Name).ShouldBe([QemuProgram.Name, "qemu-img", "confinement"]);
        checks.Take(2).ShouldAllBe(check => check.Status == CheckStatus.Failed && check.Fix!.Contains("install"));
    }

    [Fact]
    public async Task An_accelerated_machine_is_not_thawed_on_another_kernel_and_an_emulated_one_is()
    {
        var spec = await qemu.EmptyMachineAsync();
        foreach (var (accelerator, same) in new[] { ("kvm", false), (Emulation.Name, true) })
        {
            Environment.SetEnvironmentVariable(AcceleratorChoice.Variable, accelerator);
            var prints = new List<string>();
            foreach (var kernel in new[] { "6.1.0-56-amd64 #1 SMP 6.1.164-1", "6.1.0-56-amd64 #1 SMP 6.1.166-1" })
            {
                prints.Add(await new QemuEngine(QemuFixture.Paths(qemu.Root)) { Kernel = kernel }.FingerprintAsync(spec, TestContext.Current.CancellationToken));
            }

            (prints[0] == prints[1]).ShouldBe(same, accelerator);
        }
    }

    [Fact]
    public async Task The_users_choice_of_an_accelerator_is_taken_and_a_wrong_one_refused()
    {
        var program = await QemuProgram.FindAsync(TestContext.Current.CancellationToken);
        var choice = new AcceleratorChoice(QemuFixture.Paths(qemu.Root));
        Environment.SetEnvironmentVariable(AcceleratorChoice.Variable, "tcg");
        (await choice.ChooseAsync(program, SilentProgress.Instance, TestContext.Current.CancellationToken)).Accelerator.Name.ShouldBe("tcg");
        Environment.SetEnvironmentVariable(AcceleratorChoice.Variable, "vax");
        var failure = await Should.ThrowAsync<MachineException>(
            () => choice.ChooseAsync(program, SilentProgress.Instance, TestContext.Current.CancellationToken));
        failure.Message.ShouldContain("vax");
        failure.Remedy.ShouldNotBeNull().ShouldContain("kvm");
    }

    private static void Hide() => Environment.SetEnvironmentVariable("PATH", "/nowhere");
}
