using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;
using Machine.Tool.Tests.Commands;
using Machine.Tool.Tests.Engines;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>Emulation is no boundary: whoever says that he needs one gets no machine without it, whichever command would start it.</summary>
public sealed class EmulationAttacks : IAsyncLifetime
{
    private readonly ToolProcess tool = new();

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(HostProgram.Find(QemuProgram.Name) is null, "QEMU is not installed");
        var choice = await new AcceleratorChoice(QemuFixture.SharedPaths).ChooseAsync(
            await QemuProgram.FindAsync(TestContext.Current.CancellationToken), SilentProgress.Instance, TestContext.Current.CancellationToken);
        Assert.SkipUnless(choice.Accelerator.Name == Emulation.Name, "hardware acceleration works here");
        // The tool need not try it once more: that takes half a minute.
        if (Path.Combine(QemuFixture.SharedPaths.Home, "accelerators.json") is var tried && File.Exists(tried))
        {
            File.Copy(tried, Path.Combine(tool.Home, "accelerators.json"));
        }
    }

    public ValueTask DisposeAsync()
    {
        tool.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(true, "start")]
    [InlineData(true, "exec", "--", "true")]
    [InlineData(true, "image", "warm")]
    [InlineData(false, "start")]
    [InlineData(false, "exec", "--", "true")]
    public async Task Nothing_is_emulated_where_acceleration_is_required(bool byUser, params string[] command)
    {
        tool.Write("project/Machinefile", byUser ? "sdk: none\n" : "sdk: none\naccelerator: required\n");

        var refused = await tool.RunAsync(byUser ? new Dictionary<string, string> { [AcceleratorChoice.Variable] = "required" } : [], command);

        refused.ExitCode.ShouldBe(ExitCode.MachineUnavailable, refused.ToString());
        refused.Error.ShouldContain(byUser ? "MACHINE_ACCELERATOR=required forbids to emulate the processor" : "the Machinefile's accelerator: required forbids to emulate the processor");
        Directory.EnumerateFiles(tool.Home, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Where(file => file is "qemu.json" || file!.StartsWith("root", StringComparison.Ordinal))
            .ShouldBeEmpty("nothing was started, no disk was made");
    }
}
