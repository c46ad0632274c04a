using Machine.Tool.Commands;

namespace Machine.Tool.Tests.Commands;

public sealed class HostSdkCommandTests
{
    [Theory]
    [InlineData("tool install -g Machine.Tool")]
    [InlineData("tool update --global machine.tool --version 1.2.3")]
    [InlineData("tool install Machine.Tool -g --prerelease")]
    [InlineData("tool uninstall -g Machine.Tool")]
    [InlineData("new install Machine.Templates")]
    [InlineData("new install Machine.Templates::1.0.0")]
    [InlineData("new uninstall Machine.Templates")]
    [InlineData("new machine")]
    [InlineData("new machine-console -n App -o /tmp/x")]
    public void What_belongs_to_this_tool_stays_on_the_host(string line) => HostSdkCommand.Takes(line.Split(' ')).ShouldBeTrue();

    [Theory]
    [InlineData("tool install -g Evil")]
    [InlineData("tool install Machine.Tool")]
    [InlineData("tool install -g Machine.Tool Evil")]
    [InlineData("tool install -g Machine.Tool --source ./feed")]
    [InlineData("tool install -g Machine.Tool --configfile nuget.config")]
    [InlineData("tool install -g Evil --version Machine.Tool")]
    [InlineData("tool restore")]
    [InlineData("new install ./Machine.Templates")]
    [InlineData("new install Machine.TemplatesEvil")]
    [InlineData("new install Machine.Templates Evil")]
    [InlineData("new console")]
    [InlineData("new machine --project evil.csproj")]
    [InlineData("new machine -o=x")]
    [InlineData("new machine --output:x")]
    [InlineData("new machine @response")]
    [InlineData("build")]
    [InlineData("")]
    public void Everything_else_goes_inside(string line) => HostSdkCommand.Takes(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ShouldBeFalse();

    [Fact]
    public async Task The_hosts_sdk_answers_in_a_project_whose_dotnet_goes_inside()
    {
        using var tool = new ToolProcess();
        // Asked, the muxer would refuse: there is no .machine.
        tool.Write("project/global.json", """{ "sdk": { "version": "10.0.100", "rollForward": "latestFeature", "paths": [".machine"] } }""");
        var variables = new Dictionary<string, string> { ["HOME"] = tool.Home, ["DOTNET_CLI_HOME"] = tool.Home, ["DOTNET_CLI_UI_LANGUAGE"] = "en", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" };

        var outcome = await tool.RunAsync(variables, "dotnet", "tool", "uninstall", "-g", "Machine.Tool");

        outcome.ExitCode.ShouldBe(1, outcome.ToString());
        outcome.Error.ShouldContain("A tool with the package Id 'machine.tool' could not be found");
    }

    [Fact]
    public async Task A_template_beside_a_project_is_refused_because_dotnet_new_would_evaluate_it()
    {
        using var tool = new ToolProcess();
        tool.Write("project/evil.csproj", "<Project />");
        tool.Write("project/sub/a.txt", "");

        var outcome = await tool.RunInAsync(Path.Combine(tool.Project, "sub"), "dotnet", "new", "machine");

        outcome.ExitCode.ShouldBe(125);
        outcome.Error.ShouldContain("evil.csproj");
    }
}
