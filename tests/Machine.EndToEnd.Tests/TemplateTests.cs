using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Machine.EndToEnd.Tests;

/// <summary>A template's project builds and tests inside with no edit.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class TemplateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("machine-console")]
    [InlineData("machine-library")]
    [InlineData("machine-webapi")]
    public async Task It_builds_and_tests_inside(string template)
    {
        Slow.SkipUnlessAsked();
        await using var project = await BuiltAsync(template);

        (await ToolRun.RunAsync(project.Path, ["test", "--no-build"])).ShouldSucceed().Output.ShouldContain("Passed!");
    }

    [Fact]
    public async Task Plain_dotnet_test_counts_the_same_with_VSTest_and_the_testing_platform_and_ends_when_interrupted()
    {
        Slow.SkipUnlessAsked();
        await using var project = await BuiltAsync("machine-library");
        (await project.RunAsync("init")).ShouldSucceed();
        project.Write("tests/Demo.Tests/Endless.cs", """
            namespace Demo.Tests;

            public sealed class Endless
            {
                [Fact(DisplayName = "sleeps, 'long' and \"deep\"")]
                public async Task Sleeps()
                {
                    Assert.SkipUnless(File.Exists("/tmp/sleep"), "nobody asked");
                    File.WriteAllText("/tmp/asleep", "");
                    await Task.Delay(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
                }
            }
            """);

        var classic = await DotnetAsync(project.Path, "test", "--logger", "trx");
        var json = JsonNode.Parse(await File.ReadAllTextAsync(project["global.json"], Cancel))!;
        json["test"] = new JsonObject { ["runner"] = "Microsoft.Testing.Platform" };
        await File.WriteAllTextAsync(project["global.json"], json.ToJsonString(), Cancel);
        var platform = await DotnetAsync(project.Path, "test", "--report-xunit-trx", "--results-directory", "results");

        classic.Output.ShouldContain("Failed:     0, Passed:     2, Skipped:     1, Total:     3");
        Directory.EnumerateFiles(project["tests/Demo.Tests/TestResults"], "*.trx").ShouldNotBeEmpty();
        platform.Code.ShouldBe(0, platform.Output);
        platform.Output.ShouldContain("total: 3");
        platform.Output.ShouldContain("succeeded: 2");
        platform.Output.ShouldContain("skipped: 1");
        Directory.EnumerateFiles(project["results"], "*.trx").ShouldNotBeEmpty();

        (await project.ExecAsync("touch", "/tmp/sleep")).ShouldSucceed();
        // Whoever runs these tests in the background has Ctrl+C ignored, and .NET keeps to it.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", "test", "--no-build", "--filter-method", "Demo.Tests.Endless.Sleeps"])
        {
            WorkingDirectory = project.Path,
            RedirectStandardOutput = true,
        };
        using var endless = Process.Start(start)!;
        var said = endless.StandardOutput.ReadToEndAsync(Cancel);
        await Eventually.TrueAsync(async () => (await project.ExecAsync("test", "-e", "/tmp/asleep")).ExitCode == 0, TimeSpan.FromMinutes(5));
        using var signal = Process.Start("kill", ["-INT", $"{endless.Id}"]);
        var interrupted = Stopwatch.StartNew();
        await endless.WaitForExitAsync(Cancel);
        interrupted.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(3), await said);
        endless.ExitCode.ShouldNotBe(0);
        await Eventually.TrueAsync(async () => (await project.ExecAsync("pgrep", "-f", "[D]emo.Tests/bin")).ExitCode == 1, TimeSpan.FromSeconds(20));
    }

    private static async Task<ProjectFolder> BuiltAsync(string template)
    {
        var project = new ProjectFolder("Demo");
        try
        {
            await BuildAsync(project, template);
            return project;
        }
        catch
        {
            await project.DisposeAsync();
            throw;
        }
    }

    private static async Task BuildAsync(ProjectFolder project, string template)
    {
        var content = Path.GetFullPath(Path.Combine(ProjectFolder.Samples, "..", "templates", "content", template));
        var above = Path.GetDirectoryName(project.Path)!;
        var hive = Path.Combine(above, "hive");
        (await DotnetAsync(above, "new", "install", content, "--debug:custom-hive", hive)).Code.ShouldBe(0);
        var made = await DotnetAsync(above, "new", template, "-n", "Demo", "-o", project.Path, "--force", "--debug:custom-hive", hive);
        made.Code.ShouldBe(0, made.Output);
        (await project.RunAsync("start", "--approve")).ShouldSucceed();
        (await ToolRun.RunAsync(project.Path, ["build"], minutes: 40)).ShouldSucceed();
    }

    private static async Task<(int Code, string Output)> DotnetAsync(string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, output);
    }
}
