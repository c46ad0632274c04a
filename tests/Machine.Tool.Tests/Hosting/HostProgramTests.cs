using System.Collections.Concurrent;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Hosting;

/// <summary>Programs of this host are run in one way: bounded, ended with what they started, and told to who asks.</summary>
public sealed class HostProgramTests
{
    private const string Shell = "/bin/sh";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_streams_and_the_code_come_back_apart()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        var result = await HostProgram.TryRunAsync(Shell, ["-c", "cat; echo no >&2; exit 3"], Cancel, input: "hände\n");
        result.ShouldBe(new ProgramResult(3, "hände\n", "no\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a\"b\\")]
    [InlineData("$HOME 'x' `y`\ttab\nline")]
    [InlineData("\\\\server\\share\\")]
    public async Task Arguments_arrive_as_they_are(string argument)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        (await HostProgram.RunAsync(Shell, ["-c", "printf '%s' \"$1\"", "sh", argument], Cancel)).ShouldBe(argument);
    }

    [Fact]
    public async Task One_that_reads_nothing_gets_megabytes_and_ends_all_the_same()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        (await HostProgram.TryRunAsync(Shell, ["-c", "exit 7"], Cancel, input: new string('x', 8 << 20))).ExitCode.ShouldBe(7);
    }

    [Fact]
    public async Task Cancelling_ends_what_it_started_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        using var folder = new TestFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = HostProgram.StreamAsync(Shell, ["-c", "sleep 1000 & echo $!; wait"], input: null, line =>
        {
            File.WriteAllText(folder["child"], line);
            stop.Cancel();
        }, stop.Token);

        await Should.ThrowAsync<OperationCanceledException>(running);

        var child = int.Parse(await File.ReadAllTextAsync(folder["child"], Cancel));
        // Its corpse waits for whoever is its parent by now.
        SpinWait.SpinUntil(() => !File.Exists($"/proc/{child}/stat") || File.ReadAllText($"/proc/{child}/stat").Contains(") Z ", StringComparison.Ordinal), TimeSpan.FromSeconds(20)).ShouldBeTrue();
    }

    [Fact]
    public async Task Standard_input_that_nobody_writes_stays_open_until_the_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        var result = await HostProgram.StreamAsync(Shell, ["-c", "exec 3<&0; read line <&3 & sleep 0.5; kill -0 $! && echo waits; kill $!"], input: null, _ => { }, Cancel);
        result.Output.ShouldBe("waits");
    }

    [Fact]
    public async Task What_is_missing_or_no_program_is_said()
    {
        (await Should.ThrowAsync<MachineException>(HostProgram.TryRunAsync("no-such-program", [], Cancel))).Message.ShouldBe("no-such-program is not installed");
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["text"], "no program", Cancel);
        var refused = (await Should.ThrowAsync<MachineException>(HostProgram.TryRunAsync(folder["text"], [], Cancel))).Message;
        refused.ShouldStartWith($"{folder["text"]} could not be started: ");
        refused.ShouldContain("ermission denied");
        Should.Throw<MachineException>(() => HostProgram.Start(folder["text"], [])).Message.ShouldStartWith($"{folder["text"]} could not be started: ");
    }

    [Fact]
    public async Task A_detached_program_writes_at_its_files_end_and_has_no_stream_of_ours()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["log"], "before\n", Cancel);
        using var process = DetachedProgram.Start([Shell, "-c", "pwd; readlink /proc/self/fd/0; echo no >&2"], folder["log"]);
        await process.WaitForExitAsync(Cancel);
        (await File.ReadAllTextAsync(folder["log"], Cancel)).ShouldBe("before\n/\n/dev/null\nno\n");
    }

    [Fact]
    public async Task Who_asks_is_told_what_ran_without_what_is_hidden()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell");
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null, "needs qemu-img");
        using var tool = new Commands.ToolProcess();
        var result = await tool.RunAsync("--verbose", "doctor");
        result.Error.ShouldMatch(@"machine: ran \S*qemu-img --version  \(0, \d+ ms\)");

        var told = new ConcurrentQueue<string>();
        ProgramTrace.Sink = told.Enqueue;
        try
        {
            ProgramTrace.Hide("0123456789abcdef");
            using var process = HostProgram.Start(Shell, ["-c", "exit", "/run/exit-0123456789abcdef", "\u001b[2J"]);
            await process.WaitForExitAsync(Cancel);
        }
        finally
        {
            ProgramTrace.Sink = null;
        }

        var line = told.Single(text => text.Contains("/run/exit-", StringComparison.Ordinal));
        line.ShouldStartWith($"runs {Shell} -c exit /run/exit-… ");
        line.ShouldNotContain("\u001b");
    }
}
