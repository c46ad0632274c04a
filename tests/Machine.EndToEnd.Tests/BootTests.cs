namespace Machine.EndToEnd.Tests;

/// <summary>The gate's machine (./test.sh --gate): the smallest image, booted without a template.</summary>
public sealed class BootTests
{
    [Fact]
    public async Task A_machine_boots_runs_a_command_and_brings_out_what_that_made()
    {
        await using var project = new ProjectFolder("boot", "sdk: none\nmemory: 1GiB\nidle: never\n");
        project.Write("file.txt", "the host's\n");
        (await project.RunAsync("start")).ShouldSucceed();

        var inside = await project.ExecAsync("sh", "-c", "uname -s; cat file.txt; mkdir artifacts; echo out > artifacts/out.txt");

        inside.ShouldSucceed().Output.ShouldBe("Linux\nthe host's\n");
        File.ReadAllText(project["artifacts/out.txt"]).ShouldBe("out\n");
        (await project.RunAsync("stop")).ShouldSucceed();
    }
}
