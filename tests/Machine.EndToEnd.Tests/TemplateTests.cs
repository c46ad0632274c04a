using System.Diagnostics;

namespace Machine.EndToEnd.Tests;

/// <summary>A template's project builds and tests inside with no edit.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class TemplateTests
{
    [Theory]
    [InlineData("machine-console")]
    [InlineData("machine-library")]
    [InlineData("machine-webapi")]
    public async Task It_builds_and_tests_inside(string template)
    {
        Slow.SkipUnlessAsked();
        await using var project = new ProjectFolder("Demo");
        var content = Path.GetFullPath(Path.Combine(ProjectFolder.Samples, "..", "templates", "content", template));
        var hive = Path.Combine(Path.GetDirectoryName(project.Path)!, "hive");
        await DotnetAsync(project, "new", "install", content, "--debug:custom-hive", hive);
        await DotnetAsync(project, "new", template, "-n", "Demo", "-o", project.Path, "--force", "--debug:custom-hive", hive);

        (await project.RunAsync("start", "--approve")).ShouldSucceed();
        (await ToolRun.RunAsync(project.Path, ["build"], minutes: 40)).ShouldSucceed();
        (await ToolRun.RunAsync(project.Path, ["test", "--no-build"])).ShouldSucceed().Output.ShouldContain("Passed!");
    }

    private static async Task DotnetAsync(ProjectFolder project, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = Path.GetDirectoryName(project.Path), RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, output);
    }
}
