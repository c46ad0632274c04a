using System.Text.Json;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;
using NSubstitute;

namespace Machine.Tool.Tests.Engines;

public sealed class AcceleratorProbeTests : IAsyncDisposable
{
    private readonly QemuFixture qemu = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => qemu.DisposeAsync();

    [Fact]
    public async Task Emulation_runs_the_sector_to_its_end()
    {
        var result = await AcceleratorProbe.RunAsync(await QemuProgram.FindAsync(Cancel), "tcg", ["max"], TimeSpan.FromSeconds(60), Cancel);
        result.Works.ShouldBeTrue(result.Reason);
    }

    [Fact]
    public async Task A_hang_ends_at_the_deadline_and_tells_where()
    {
        // Emulation needs longer than this to leave the firmware.
        var result = await AcceleratorProbe.RunAsync(await QemuProgram.FindAsync(Cancel), "tcg", ["max"], TimeSpan.FromMilliseconds(30), Cancel);
        result.Works.ShouldBeFalse();
        result.Reason.ShouldContain("did not boot within");
        result.Reason.ShouldContain("firmware");
    }

    [Fact]
    public async Task A_CPU_model_that_QEMU_refuses_is_followed_by_the_next()
    {
        var result = await AcceleratorProbe.RunAsync(await QemuProgram.FindAsync(Cancel), "tcg", ["no-such-cpu", "max"], TimeSpan.FromSeconds(60), Cancel);
        (result.Works, result.Cpu).ShouldBe((true, "max"));
    }

    [Fact]
    public async Task An_accelerator_that_QEMU_lacks_is_refused_in_its_words()
    {
        var result = await AcceleratorProbe.RunAsync(await QemuProgram.FindAsync(Cancel), "no-such-accelerator", ["max"], TimeSpan.FromSeconds(60), Cancel);
        result.Works.ShouldBeFalse();
        result.Reason.ShouldContain("no-such-accelerator");
    }

    [Fact]
    public async Task What_was_found_is_remembered_and_said_once()
    {
        Assert.SkipWhen(OperatingSystem.IsLinux() && KvmDevice.Problem() is not null, "no accelerator to probe");
        var program = await QemuProgram.FindAsync(Cancel);
        var choice = new AcceleratorChoice(QemuFixture.Paths(qemu.Root));
        var progress = Substitute.For<IProgressSink>();
        var first = await choice.ChooseAsync(program, progress, Cancel);
        var file = Path.Combine(qemu.Root, "accelerators.json");
        var remembered = JsonSerializer.Deserialize<Dictionary<string, ProbeResult>>(await File.ReadAllTextAsync(file, Cancel), JsonState.Options)!;
        var result = remembered.ShouldHaveSingleItem();
        result.Key.ShouldContain(program.Version.ToString());
        first.Accelerator.Name.ShouldBe(result.Value.Works ? result.Key.Split(' ')[0] : "tcg");
        progress.ReceivedCalls().Count(call => call.GetMethodInfo().Name == nameof(IProgressSink.Note)).ShouldBe(result.Value.Works ? 0 : 1);

        progress.ClearReceivedCalls();
        (await choice.ChooseAsync(program, progress, Cancel)).ShouldBe(first);
        progress.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_remembered_success_is_believed_without_a_probe_and_a_broken_memory_is_asked_anew()
    {
        Assert.SkipWhen(OperatingSystem.IsLinux() && KvmDevice.Problem() is not null, "no accelerator to probe");
        var program = await QemuProgram.FindAsync(Cancel);
        var choice = new AcceleratorChoice(QemuFixture.Paths(qemu.Root));
        var file = Path.Combine(qemu.Root, "accelerators.json");
        await File.WriteAllTextAsync(file, "{ broken", Cancel);
        await choice.ChooseAsync(program, SilentProgress.Instance, Cancel);
        var key = JsonState.Read<Dictionary<string, ProbeResult>>(file)!.Keys.Single();
        JsonState.Write(file, new Dictionary<string, ProbeResult> { [key] = new(true, "Nehalem", "boots in 0.2 s", 0.2, DateTimeOffset.UtcNow) });

        var verdict = await choice.ChooseAsync(program, SilentProgress.Instance, Cancel);
        verdict.Accelerator.Cpu.ShouldBe("Nehalem");
        verdict.WhyNotFaster.ShouldBeNull();
    }

    [Fact]
    public async Task Another_kernel_is_asked_anew()
    {
        Assert.SkipWhen(OperatingSystem.IsLinux() && KvmDevice.Problem() is not null, "no accelerator to probe");
        var program = await QemuProgram.FindAsync(Cancel);
        var paths = QemuFixture.Paths(qemu.Root);
        var file = Path.Combine(qemu.Root, "accelerators.json");
        await new AcceleratorChoice(paths) { Kernel = "6.1.0-56-amd64 #1 SMP 6.1.164-1" }.ChooseAsync(program, SilentProgress.Instance, Cancel);

        await new AcceleratorChoice(paths) { Kernel = "6.1.0-56-amd64 #1 SMP 6.1.166-1" }.ChooseAsync(program, SilentProgress.Instance, Cancel);

        JsonState.Read<Dictionary<string, ProbeResult>>(file)!.Count.ShouldBe(2);
    }

    [Fact]
    public void The_kernel_is_known_by_its_build()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "its kernel says what it is in /proc");
        HostKernel.Build.ShouldContain(File.ReadAllText("/proc/sys/kernel/osrelease").Trim());
        HostKernel.Build.ShouldContain(File.ReadAllText("/proc/sys/kernel/version").Trim());
    }

    [Fact]
    public async Task Doctor_names_program_disk_tool_and_accelerator()
    {
        var checks = await qemu.Engine.CheckAsync(Cancel);
        checks.Select(check => check.Name).ShouldBe([QemuProgram.Name, "qemu-img", "accelerator", "confinement"]);
        checks.Take(2).ShouldAllBe(check => check.Status == CheckStatus.Ok);
        checks[2].Status.ShouldNotBe(CheckStatus.Failed);
        (checks[2].Fix is null).ShouldBe(checks[2].Status == CheckStatus.Ok);
    }

    [Fact]
    public async Task The_fingerprint_holds_version_machine_and_processor()
    {
        var spec = await qemu.EmptyMachineAsync();
        var fingerprint = await qemu.Engine.FingerprintAsync(spec, Cancel);
        fingerprint.ShouldContain((await QemuProgram.FindAsync(Cancel)).Version.ToString());
        fingerprint.ShouldContain(HostProcessor.Model());
        fingerprint.ShouldBe(await qemu.Engine.FingerprintAsync(spec, Cancel));
        fingerprint.ShouldNotBe(await qemu.Engine.FingerprintAsync(spec with { Cpus = 2 }, Cancel));
        fingerprint.ShouldNotBe(await qemu.Engine.FingerprintAsync(spec with { Slots = 9 }, Cancel));
    }
}
