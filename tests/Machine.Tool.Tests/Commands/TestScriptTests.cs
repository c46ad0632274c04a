using System.Text;
using CliWrap;

namespace Machine.Tool.Tests.Commands;

/// <summary>test.sh, which continuous integration runs, in a folder where each program that it starts only says so.</summary>
public sealed class TestScriptTests : IDisposable
{
    private static readonly string[] Gate = ["shellcheck test.sh", "build Machine.sln", "Machine.Tool.Tests.dll", "Machine.EndToEnd.Tests.dll -class *.BootTests"];

    private readonly TestFolder folder = new();

    public TestScriptTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it needs bash, and coreutils as Linux has them");
        folder.Folder("eng");
        Write("test.sh", File.ReadAllText(Path.Combine(CommandDocsTests.Root, "test.sh")));
        Write("eng/prerequisites.sh", "#!/bin/sh\n");
        Write("eng/dotnet-root.sh", "");
        Write("bin/shellcheck", "#!/bin/sh\necho \"shellcheck $*\" >>\"$CALLS\"\n");
        Write("bin/dotnet", """
            #!/bin/sh
            echo "$*" >>"$CALLS"
            case "$*" in *$FAILS*) exit 1 ;; esac
            while [ $# -gt 0 ]; do
              [ "$1" != -result-xml ] || echo '<assembly passed="1" failed="0" errors="0" skipped="0">' >"$2"
              shift
            done
            """);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_gate_checks_scripts_builds_tests_and_boots_and_nothing_else()
    {
        var (calls, lastLine) = await RunAsync(fails: "nothing", "--gate");

        ShouldBeTheGate(calls);
        // Five scripts and two runs of tests.
        lastLine.ShouldBe("7 passed, 0 failed, 0 skipped");
    }

    [Theory]
    [InlineData("Machine.Tool.Tests.dll")]
    [InlineData("BootTests")]
    public async Task What_comes_after_the_gate_does_not_run_where_the_gate_fails(string failing)
    {
        var (calls, lastLine) = await RunAsync(failing);

        ShouldBeTheGate(calls);
        lastLine.ShouldBe("6 passed, 1 failed, 0 skipped");
    }

    [Fact]
    public async Task A_whole_run_begins_with_the_gate_and_boots_its_machine_once()
    {
        var (calls, _) = await RunAsync(fails: "nothing");

        ShouldBeTheGate(calls[..Array.FindIndex(calls, call => call.Contains("Attacks", StringComparison.Ordinal))]);
        calls.Where(call => call.Contains("EndToEnd", StringComparison.Ordinal)).Skip(1).ShouldHaveSingleItem().ShouldContain("-class- *.BootTests");
    }

    [Fact]
    public void Continuous_integration_leaves_nothing_of_it_out() =>
        File.ReadAllText(Path.Combine(CommandDocsTests.Root, ".ci", "run")).ShouldContain("\nexec ./test.sh </dev/null\n");

    private static void ShouldBeTheGate(string[] calls)
    {
        calls.Where(call => call.Contains("shellcheck", StringComparison.Ordinal)).Count().ShouldBe(5);
        var steps = Gate.Select(step => Array.FindIndex(calls, call => step.Split(' ').All(word => call.Contains(word, StringComparison.Ordinal)))).ToList();
        steps.ShouldBeInOrder(SortDirection.Ascending, string.Join('\n', calls));
        steps[0].ShouldBeGreaterThanOrEqualTo(0);
        steps[^1].ShouldBe(calls.Length - 1);
    }

    private async Task<(string[] Calls, string LastLine)> RunAsync(string fails, params string[] arguments)
    {
        await Cli.Wrap("git").WithArguments(["init", "-q"]).WithWorkingDirectory(folder.Path).ExecuteAsync(TestContext.Current.CancellationToken);
        var output = new StringBuilder();
        await Cli.Wrap("bash").WithArguments([folder["test.sh"], .. arguments]).WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output)).WithEnvironmentVariables(set => set
                .Set("PATH", $"{folder["bin"]}:{Environment.GetEnvironmentVariable("PATH")}").Set("MACHINE_HOME", folder["home"])
                .Set("CALLS", folder["calls"]).Set("FAILS", fails))
            .ExecuteAsync(TestContext.Current.CancellationToken);
        // Left out: the question for dotnet's version.
        return ([.. File.ReadAllLines(folder["calls"]).Where(call => call != "--version")], output.ToString().TrimEnd().Split('\n')[^1]);
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        File.WriteAllText(folder[name], text.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(folder[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
