using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Tests.Commands;

public sealed class StatusTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_running_machine_shows_what_a_person_asks()
    {
        var status = new MachineStatus
        {
            Id = "shop-12345678",
            Project = "/src/shop",
            State = MachineState.Running,
            Version = "1",
            Engine = "qemu",
            Accelerator = "tcg",
            ImageHash = new string('a', 64),
            Started = Now.AddMinutes(-5),
            MemoryBytes = 300 << 20,
            Commands = [new RunningCommand("t", "dotnet build\u001b[2J", Now.AddSeconds(-9))],
            Ports = ["127.0.0.1:5000 → 5000"],
            Stale = true,
            MemoryLimitBytes = 4L << 30,
            Trouble = "the disk is full\u001b",
        };

        var lines = new StatusReport(status, Held: 3).Lines(Now).ToDictionary(line => line.Name, line => line.Text);

        lines["state"].ShouldBe("running, for 5 min");
        lines["engine"].ShouldBe("qemu, tcg");
        lines["image"].ShouldBe("aaaaaaaaaaaa");
        lines["memory"].ShouldBe("300 MiB of this host; it may use 4 GiB");
        lines["trouble"].ShouldBe("the disk is full\\x1b");
        lines["port"].ShouldBe("127.0.0.1:5000 → 5000");
        lines["runs"].ShouldBe("dotnet build\\x1b[2J (for 9 s)");
        lines["changes"].ShouldBe("3 held: dotnet machine changes");
        lines["stale"].ShouldContain("dotnet machine stop");
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(20L << 30, "20 GiB")]
    public void Sizes_are_in_the_unit_that_fits(long bytes, string text) => HumanText.Size(bytes).ShouldBe(text);
}
