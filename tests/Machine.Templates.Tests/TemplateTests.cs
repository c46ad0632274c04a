using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Templates.Tests;

/// <summary>What <c>dotnet new</c> makes is what the tool reads, and it builds.</summary>
public sealed class TemplateTests(TemplateHive hive) : IClassFixture<TemplateHive>
{
    [Fact]
    public async Task Machine_adds_a_Machinefile_to_a_repository()
    {
        var folder = await hive.NewAsync("machine");

        Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).ShouldBe(["Machinefile"]);
        var machinefile = Read(folder);
        (machinefile.Image, machinefile.Ports.Count).ShouldBe(("debian/12", 0));
        machinefile.Packages.ShouldBe(["git"]);
    }

    [Fact]
    public async Task Its_options_reach_the_Machinefile()
    {
        var machinefile = Read(await hive.NewAsync("machine", "--image", "debian/13", "--ports", "5000, 8080:80"));

        machinefile.Image.ShouldBe("debian/13");
        machinefile.Ports.ShouldBe([new PortForward(5000, 5000), new PortForward(8080, 80)]);
    }

    [Theory]
    [InlineData("machine")]
    [InlineData("machine-console")]
    public async Task A_machine_for_an_agent_has_its_tools_and_never_applies_by_itself(string template)
    {
        var machinefile = Read(await hive.NewAsync(template, "--agent"));

        machinefile.Packages.ShouldBe(["git", "nodejs", "npm"]);
        machinefile.Docker.ShouldBeTrue();
        machinefile.NpmTools.ShouldBe(["@anthropic-ai/claude-code"]);
        machinefile.Network.Allow.Select(entry => entry.Rule).ShouldBe(["npm"]);
        machinefile.Secrets.ShouldHaveSingleItem().Target.ShouldBe("api.anthropic.com");
        machinefile.Volumes.Keys.ShouldContain("docker");
        machinefile.Workspace.Changes.ShouldBe(ChangesMode.Hold);
    }

    [Theory]
    [InlineData("machine-console")]
    [InlineData("machine-library")]
    [InlineData("machine-webapi")]
    public async Task A_project_is_closed_from_the_first_second_and_builds_and_tests(string template)
    {
        var folder = await hive.NewAsync(template);

        Read(folder).Ports.Select(port => port.Host).ShouldBe(template == "machine-webapi" ? [5080] : []);
        using (var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "global.json"))))
        {
            var sdk = json.RootElement.GetProperty("sdk");
            Version.TryParse(sdk.GetProperty("version").GetString()!.Split('-')[0], out _).ShouldBeTrue();
            sdk.GetProperty("paths").EnumerateArray().Select(path => path.GetString()).ShouldBe([".machine"]);
        }

        File.ReadAllLines(Path.Combine(folder, ".gitignore")).ShouldContain(".machine/");
        File.Exists(Path.Combine(folder, "Machinefile.agent")).ShouldBeFalse();
        (await hive.HostDotnetAsync(folder, "test", Path.Combine(folder, "Demo.slnx"))).ShouldBe(0, hive.Said);
        hive.Said.ShouldContain("Passed!");
    }

    // Files are named as it was typed; a namespace cannot be.
    [Theory]
    [InlineData("machine-console", "my-app", "my_app")]
    [InlineData("machine-library", "Contoso.Shop", "Contoso.Shop")]
    [InlineData("machine-webapi", "2nd.api", "_2nd.api")]
    public async Task A_name_that_is_no_identifier_builds_and_tests(string template, string name, string root)
    {
        var folder = await hive.NewNamedAsync(name, template);

        File.ReadAllText(Directory.EnumerateFiles(Path.Combine(folder, "tests", name + ".Tests"), "*Tests.cs").Single()).ShouldContain($"namespace {root}.Tests;");
        (await hive.HostDotnetAsync(folder, "test", Path.Combine(folder, name + ".slnx"))).ShouldBe(0, hive.Said);
        hive.Said.ShouldContain("Passed!");
    }

    [Fact]
    public async Task The_sdk_version_can_be_named()
    {
        var folder = await hive.NewAsync("machine-library", "--SdkVersion", "10.0.123");

        File.ReadAllText(Path.Combine(folder, "global.json")).ShouldContain("\"version\": \"10.0.123\"");
    }

    private static Machinefile Read(string folder) => MachinefileReader.Read(new ProjectRoot(ProjectRoot.RealPath(folder)));
}
