using System.Diagnostics;

namespace Machine.EndToEnd.Tests;

/// <summary>Host MSBuild, a template's project and a real machine: the whole way, tens of minutes when emulated.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class ForwardingTests
{
    [Fact]
    public async Task A_forwarded_build_shows_the_error_with_the_hosts_path_and_its_outputs_come_back()
    {
        Slow.SkipUnlessAsked();
        await using var project = new ProjectFolder("forwarded");
        var package = Directory.GetFiles(Path.GetFullPath(Path.Combine(ProjectFolder.Samples, "..", "src", "Machine.Build", "bin")), "Machine.Build.*.nupkg", SearchOption.AllDirectories)[0];
        project.Write("nuget.config", $"<configuration><packageSources><clear /><add key=\"local\" value=\"{Path.GetDirectoryName(package)}\" /></packageSources></configuration>");
        project.Write("Directory.Build.props", """<Project><Import Project="Sdk.props" Sdk="Machine.Build" Version="0.1.0" Condition="'$(MACHINE_INSIDE)' != '1'" /></Project>""");
        project.Write("App/App.csproj", """<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>""");
        project.Write("App/Program.cs", "int number = \"text\";\n");
        (await project.RunAsync("start", "--approve")).ShouldSucceed();

        var broken = await HostBuildAsync(project);
        project.Write("App/Program.cs", "System.Console.WriteLine();\n");
        var good = await HostBuildAsync(project);

        broken.Code.ShouldBe(1, broken.Output);
        broken.Output.ShouldContain($"{project["App/Program.cs"]}(1,14): error CS0029:");
        good.Code.ShouldBe(0, good.Output);
        File.Exists(project["App/bin/Debug/net10.0/App.dll"]).ShouldBeTrue();
        Directory.Exists(project["App/obj"]).ShouldBeFalse();
    }

    private static async Task<(int Code, string Output)> HostBuildAsync(ProjectFolder project)
    {
        // From above the project, where its global.json is not in force.
        var start = new ProcessStartInfo("dotnet", ["build", project["App"], "--tl:off", "-nodeReuse:false"])
        {
            WorkingDirectory = Path.GetDirectoryName(project.Path),
            RedirectStandardOutput = true,
        };
        start.Environment["MachineToolPath"] = ToolRun.Program;
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Path.GetDirectoryName(project.Path)!, "packages");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
