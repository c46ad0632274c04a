namespace Machine.EndToEnd.Tests;

/// <summary>A machine of another distribution, with everything that a Machinefile can put into its image.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class ToolsImageTests
{
    [Fact]
    public async Task Debian_13_boots_with_its_packages_tools_and_what_its_script_did()
    {
        Slow.SkipUnlessAsked();
        await using var project = new ProjectFolder("tools", """
            image: debian/13
            packages: [nodejs, npm, jq]
            tools: { npm: ["semver@7.7.2"], dotnet: [dotnet-ef] }
            provision: [machine/setup.sh]
            idle: never
            """);
        project.Write("machine/setup.sh", "set -eu\nid -u >/etc/provisioned\nsemver 1.2.3 >/dev/null\n");

        (await ToolRun.RunAsync(project.Path, ["start", "--approve"], minutes: 40)).ShouldSucceed();

        var inside = (await project.ExecAsync("sh", "-c", ". /etc/os-release; echo $ID $VERSION_ID; cat /etc/provisioned; semver 1.2.3 -i minor; echo '{\"a\":7}' | jq .a; dotnet-ef --version 2>&1 | grep -c '^[0-9.]*$'")).ShouldSucceed();
        inside.Output.ShouldBe("debian 13\n0\n1.3.0\n7\n1\n", inside.ToString());
        (await project.ExecAsync("sh", "-c", "mkdir -p artifacts && echo out > artifacts/out.txt; echo held > held.txt")).ShouldSucceed();
        File.ReadAllText(project["artifacts/out.txt"]).ShouldBe("out\n");
        (await project.RunAsync("changes")).ShouldSucceed().Output.ShouldContain("held.txt");
        (await project.RunAsync("stop")).ShouldSucceed();
        (await project.RunAsync("start")).ShouldSucceed();
    }
}
