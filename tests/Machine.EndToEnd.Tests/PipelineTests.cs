using System.Diagnostics;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Machine.EndToEnd.Tests;

/// <summary>The GitHub Actions steps of docs/ci.md, run in the sample, against the same commands in a copy without a machine.</summary>
[Collection(SharedMachineTests.Name)]
public sealed partial class PipelineTests
{
    private const string DocumentedCache = "/tmp/machine-cache";

    [Fact]
    public async Task The_documented_steps_make_what_the_same_commands_make_on_the_host()
    {
        await using var project = new ProjectFolder("pipeline");
        await project.TakeSampleAsync("shop");
        var native = project.Path + "-native";
        ProjectFolder.CopyFolder(project.Path, native);
        var steps = Steps();
        var commands = steps.Where(step => step.StartsWith("dotnet ", StringComparison.Ordinal)).ToList();
        commands.Count.ShouldBe(5);
        var cache = project.Path + "-cache";

        foreach (var command in commands)
        {
            (await StepAsync(native, command, cache)).Code.ShouldBe(0, command);
        }

        // As a developer did once, before the pipeline ever ran; what init writes is committed.
        (await project.RunAsync("init")).ShouldSucceed();
        approved = System.Text.Json.JsonDocument.Parse((await project.RunAsync("plan", "--json")).ShouldSucceed().Output).RootElement.GetProperty("hash").GetString()!;
        foreach (var step in steps)
        {
            var (code, output) = await StepAsync(project.Path, step, cache);
            code.ShouldBe(0, $"{step}\n{output}");
        }

        var places = new[] { "out", "packages", "src/Shop.Core/bin/Release", "src/Shop.Cli/bin/Release", "src/Shop.Web/bin/Release", "tests/Shop.Tests/bin/Release" };
        foreach (var place in places)
        {
            Files(project[place]).ShouldBe(Files(Path.Combine(native, place)), place);
        }

        foreach (var assembly in Files(project["out"]).Where(file => Path.GetFileName(file).StartsWith("Shop.", StringComparison.Ordinal) && file.EndsWith(".dll", StringComparison.Ordinal)))
        {
            File.ReadAllBytes(Path.Combine(project["out"], assembly)).ShouldBe(File.ReadAllBytes(Path.Combine(native, "out", assembly)), assembly);
        }

        var results = Directory.EnumerateFiles(project["tests/Shop.Tests/TestResults"], "*.trx").ShouldHaveSingleItem();
        Counters(results).ShouldBe(Counters(Directory.EnumerateFiles(Path.Combine(native, "tests/Shop.Tests/TestResults"), "*.trx").Single()));
        Directory.Exists(project["src/Shop.Core/obj"]).ShouldBeFalse();

        // The next run of the pipeline, on another runner: packages come from the cache.
        (await project.RunAsync("destroy", "--yes")).ShouldSucceed();
        var next = await StepAsync(project.Path, steps[0], cache);
        next.Code.ShouldBe(0, next.Output);
        (await StepAsync(project.Path, "dotnet restore", cache)).Code.ShouldBe(0);
        (await project.RunAsync("packages", "log", "--json")).ShouldSucceed().Output.ShouldNotContain("Newtonsoft.Json");
    }

    private string approved = "";

    private static List<string> Steps()
    {
        var text = File.ReadAllText(Path.Combine(ProjectFolder.Samples, "..", "docs", "ci.md"));
        var stream = new YamlStream();
        stream.Load(new StringReader(GitHub().Match(text).Groups[1].Value));
        var job = (YamlMappingNode)stream.Documents[0].RootNode["jobs"]["build"];
        // The sample's library has two target frameworks, which no SDK publishes as a solution.
        return [.. ((YamlSequenceNode)job["steps"]).OfType<YamlMappingNode>().Where(step => step.Children.ContainsKey("run")).Select(step => ((YamlScalarNode)step["run"]).Value!.Replace("dotnet publish", "dotnet publish src/Shop.Web", StringComparison.Ordinal))];
    }

    // As the service runs it; the tool is on the PATH already, for the feed of this host does not have it.
    private async Task<(int Code, string Output)> StepAsync(string folder, string step, string cache)
    {
        var script = step.Replace("dotnet tool install -g Machine.Tool", "dotnet-machine --version", StringComparison.Ordinal).Replace(DocumentedCache, cache, StringComparison.Ordinal);
        var start = new ProcessStartInfo("bash", ["-e", "-c", script]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["PATH"] = Path.GetDirectoryName(ToolRun.Program) + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        // What the repository's settings hold, after a review.
        start.Environment["MACHINE_APPROVE"] = approved;
        start.Environment["CI"] = "true";
        start.Environment["GITHUB_ACTIONS"] = "true";
        start.Environment["MACHINE_WARM"] = "never";
        // A server that outlives the command would hold its output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await error);
    }

    private static List<string> Files(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal)];

    private static string Counters(string trx) => CountersElement().Match(File.ReadAllText(trx)).Value is { Length: > 0 } counters ? counters : throw new InvalidDataException(trx);

    [GeneratedRegex(@"^## GitHub Actions\n\n```yaml\n([\s\S]*?)^```", RegexOptions.Multiline)]
    private static partial Regex GitHub();

    [GeneratedRegex("<Counters [^>]*>")]
    private static partial Regex CountersElement();
}
