using System.Text.Json.Nodes;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Commands;

/// <summary>MACHINE_PATIENCE: a slow host waits longer, by one factor.</summary>
public sealed class PatienceTests : IDisposable
{
    private readonly ToolProcess tool = new();

    public void Dispose() => tool.Dispose();

    [Theory]
    [InlineData("0")]
    [InlineData("0.5")]
    [InlineData("101")]
    [InlineData("1e9")]
    [InlineData("-2")]
    [InlineData("NaN")]
    [InlineData("ten")]
    [InlineData("2,5")]
    public async Task What_is_no_factor_is_refused_before_anything_happens(string factor)
    {
        var refused = await RunAsync(factor, "list");

        refused.ExitCode.ShouldBe(2, refused.ToString());
        refused.Error.ShouldContain($"MACHINE_PATIENCE is '{factor}'");
        refused.Error.ShouldContain("a number from 1 to 100");
    }

    [Theory]
    [InlineData(null, 4)]
    [InlineData("", 4)]
    [InlineData("1", 4)]
    [InlineData("2.5", 10)]
    [InlineData("100", 400)]
    [InlineData("ten", 4)]
    public void A_limit_is_what_is_usual_times_the_factor(string? factor, double seconds) =>
        TimeLimit.Of(TimeSpan.FromSeconds(4), factor).ShouldBe(TimeSpan.FromSeconds(seconds));

    // A /dev/kvm that is there and boots nothing.
    [Fact]
    public async Task An_accelerator_that_hangs_is_waited_for_longer()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && KvmDevice.Problem() is null, "no /dev/kvm that may be opened");
        tool.Write("project/Machinefile", "");

        var found = JsonNode.Parse((await RunAsync("2", "doctor", "--json")).Output)!.AsArray().Single(check => check!["name"]!.GetValue<string>() == "accelerator")!["message"]!.GetValue<string>();

        Assert.SkipUnless(found.Contains("did not boot within", StringComparison.Ordinal), $"it works here: {found}");
        found.ShouldContain("did not boot within 10 s");
    }

    private Task<ToolOutcome> RunAsync(string factor, params string[] arguments) =>
        tool.RunAsync(new Dictionary<string, string> { ["MACHINE_PATIENCE"] = factor, ["MACHINE_ACCELERATOR"] = "" }, arguments);
}
