namespace Machine.Tool.Tests.Commands;

public sealed class UsageTests : IDisposable
{
    private readonly ToolProcess tool = new();

    public void Dispose() => tool.Dispose();

    [Theory]
    [InlineData("`buidl` is not a verb; did you mean build?", "buidl")]
    [InlineData("`--vesion` is no option of this tool; did you mean --version?", "--vesion")]
    [InlineData("`--overwite` is no option of apply; did you mean --overwrite?", "apply", "--overwite")]
    [InlineData("`xyzzy` is not a verb", "volume", "xyzzy")]
    [InlineData("volume: which of list, rm, export, import, compact?", "volume")]
    [InlineData("volume rm: which NAME?", "volume", "rm")]
    [InlineData("volume export: which FILE?", "volume", "export", "db")]
    [InlineData("`../x` is not a volume's name", "volume", "rm", "../x")]
    [InlineData("`../x` is not a volume's name", "volume", "compact", "packages", "../x")]
    [InlineData("status takes no `now`", "status", "now")]
    [InlineData("it takes a number", "logs", "--lines", "many")]
    [InlineData("'tcsh' not recognized", "completions", "tcsh")]
    [InlineData("the manual has no `lmits`; it has commands, machinefile, ", "docs", "lmits")]
    [InlineData("exec: which command?", "exec")]
    [InlineData("exec: unknown option -x", "exec", "-x", "ls")]
    [InlineData("shell takes no arguments", "shell", "ls")]
    [InlineData("discard: name what to forget, or say --all", "discard")]
    [InlineData("discard: name what to forget, or say --all", "discard", "a", "--all")]
    public async Task A_wrong_command_line_exits_2_with_one_line_and_what_to_do(string message, params string[] args)
    {
        tool.Write("project/Machinefile", "");

        var outcome = await tool.RunAsync(args);

        outcome.ExitCode.ShouldBe(2, outcome.ToString());
        outcome.Output.ShouldBeEmpty();
        var lines = outcome.Error.TrimEnd('\n').Split('\n');
        lines.Length.ShouldBe(2, outcome.Error);
        lines[0].ShouldStartWith("machine: ");
        lines[0].ShouldContain(message);
        lines[1].ShouldStartWith("  → ");
    }

    [Fact]
    public async Task A_name_that_begins_with_an_at_sign_is_no_file_of_arguments()
    {
        tool.Write("project/Machinefile", "");
        tool.Write("project/list", "--json");

        (await tool.RunAsync("apply", "@list")).Error.ShouldContain("no change waits at @list");
    }

    [Fact]
    public async Task The_tools_own_state_inside_of_the_project_is_refused()
    {
        tool.Write("project/Machinefile", "");

        var outcome = await tool.RunAsync(new Dictionary<string, string> { ["MACHINE_HOME"] = Path.Combine(tool.Project, ".machine-home") }, "start");

        outcome.ExitCode.ShouldBe(125);
        outcome.Error.ShouldContain("MACHINE_HOME leads into the project");
        outcome.Error.ShouldContain("set MACHINE_HOME to a folder outside of ");
    }

    [Theory]
    [InlineData("true", "approve it once: dotnet machine start --approve", "[y/N]")]
    [InlineData("", "[y/N]", "approve it once")]
    public async Task A_pipeline_is_never_asked_though_it_has_a_terminal(string ci, string said, string unsaid)
    {
        tool.Write("project/Machinefile", "ports: [18080]\n");

        var outcome = await tool.RunAtTerminalAsync(new Dictionary<string, string> { ["CI"] = ci }, [("[y/N] ", "n\n")], "start");

        outcome.ExitCode.ShouldBe(125, outcome.ToString());
        outcome.Output.ShouldContain(said);
        outcome.Output.ShouldNotContain(unsaid);
    }

    [Fact]
    public async Task The_hash_of_the_projects_image_is_told_without_building_it_and_follows_the_provision_scripts()
    {
        tool.Write("project/Machinefile", "provision: [setup.sh]\n");
        tool.Write("project/setup.sh", "true\n");
        var first = (await tool.RunAsync("image", "hash")).Output.Trim();
        tool.Write("project/setup.sh", "false\n");

        var second = await tool.RunAsync("image", "hash");

        first.ShouldMatch("^[0-9a-f]{32}$");
        second.ExitCode.ShouldBe(0, second.ToString());
        second.Output.Trim().ShouldMatch("^[0-9a-f]{32}$");
        second.Output.Trim().ShouldNotBe(first);
    }

    [Fact]
    public async Task A_path_outside_of_the_project_is_refused()
    {
        tool.Write("project/Machinefile", "");

        var outcome = await tool.RunAsync("apply", "../home/key");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("outside of the project");
    }
}
