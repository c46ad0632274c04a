namespace Machine.Build.Tests.Forwarding;

/// <summary>Every target that people ask for, on projects and solutions, runs inside and only there.</summary>
public sealed class TargetTests
{
    [Fact]
    public async Task A_project_is_restored_and_built_from_another_folder()
    {
        using var repository = new Repository().WithConsole();

        var build = await ProcessFrom(repository, repository.At("."), "build", repository["App"]);

        build.ShouldSucceed();
        repository.Compiled("App").ShouldBe(["[1] App net10.0 Debug"]);
        File.Exists(repository["App/bin/Debug/net10.0/App.dll"]).ShouldBeTrue();
        repository.Requests.Length.ShouldBe(2, "one restore and one build");
    }

    [Fact]
    public async Task A_solution_in_the_old_format_is_forwarded_as_one()
    {
        using var repository = new Repository().WithConsole().WithLibrary().WithSln("App", "Lib");

        (await repository.DotnetAsync("build", "All.sln")).ShouldSucceed();

        repository.Compiled("App").ShouldBe(["[1] App net10.0 Debug"]);
        repository.Compiled("Lib").ShouldBe(["[1] Lib net10.0 Debug"]);
        repository.Requests.Length.ShouldBe(2, "one restore and one build");
    }

    [Fact]
    public async Task Every_target_of_a_solution_is_forwarded()
    {
        using var repository = new Repository().WithConsole().WithLibrary().WithSlnx("App", "Lib");

        (await repository.DotnetAsync("build", "All.slnx")).ShouldSucceed();
        (await repository.DotnetAsync("clean", "All.slnx")).ShouldSucceed();
        File.Exists(repository["App/bin/Debug/net10.0/App.dll"]).ShouldBeFalse();
        (await repository.DotnetAsync("msbuild", "All.slnx", "-t:Rebuild", "-p:Configuration=Release")).ShouldSucceed();
        (await repository.DotnetAsync("pack", "All.slnx", "--no-restore", "-o", "packages")).ShouldSucceed();
        (await repository.DotnetAsync("publish", "All.slnx", "--no-restore")).ShouldSucceed();

        repository.Compiled("App").ShouldAllBe(line => line.StartsWith("[1]", StringComparison.Ordinal));
        repository.Compiled("Lib").ShouldContain("[1] Lib net10.0 Release");
        File.Exists(repository["packages/Lib.1.0.0.nupkg"]).ShouldBeTrue();
        File.Exists(repository["App/bin/Release/net10.0/publish/App.dll"]).ShouldBeTrue();
    }

    [Fact]
    public async Task A_multi_targeted_project_builds_all_its_frameworks_or_the_one_that_is_named()
    {
        using var repository = new Repository().WithLibrary(frameworks: "<TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>");

        (await repository.DotnetAsync("build", "Lib", "-c", "Release")).ShouldSucceed();
        (await repository.DotnetAsync("build", "Lib", "-f", "netstandard2.0")).ShouldSucceed();

        repository.Compiled("Lib").ShouldBe(["[1] Lib net10.0 Release", "[1] Lib netstandard2.0 Debug", "[1] Lib netstandard2.0 Release"]);
    }

    [Fact]
    public async Task Publish_pack_and_clean_of_a_project()
    {
        using var repository = new Repository().WithConsole();

        (await repository.DotnetAsync("publish", "App", "-o", "out dir")).ShouldSucceed();
        (await repository.DotnetAsync("pack", "App", "-o", "packages")).ShouldSucceed();
        (await repository.DotnetAsync("clean", "App")).ShouldSucceed();

        File.Exists(repository["out dir/App.dll"]).ShouldBeTrue();
        File.Exists(repository["packages/App.1.0.0.nupkg"]).ShouldBeTrue();
        repository.Compiled("App").ShouldAllBe(line => line.StartsWith("[1]", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_starts_the_program_inside_with_its_arguments_and_exit_code()
    {
        using var repository = new Repository().WithConsole(program: """
            System.Console.WriteLine($"inside={System.Environment.GetEnvironmentVariable("MACHINE_INSIDE")} {string.Join('|', args)}");
            return 7;
            """);

        var run = await repository.DotnetAsync("run", "--project", "App", "--", "one two", "three");

        run.Output.ShouldContain("inside=1 one two|three", customMessage: run.ToString());
        run.ExitCode.ShouldBe(7);
    }

    [Fact]
    public async Task Rebuild_and_run_as_targets_of_a_project()
    {
        using var repository = new Repository().WithConsole(program: "System.Console.WriteLine($\"inside={System.Environment.GetEnvironmentVariable(\"MACHINE_INSIDE\")}\");");

        (await repository.DotnetAsync("build", "App")).ShouldSucceed();
        (await repository.DotnetAsync("msbuild", "App", "-t:Rebuild")).ShouldSucceed();
        var run = await repository.DotnetAsync("msbuild", "App", "-t:Run");

        run.ShouldSucceed().Output.ShouldContain("inside=1");
        repository.Compiled("App").ShouldBe(["[1] App net10.0 Debug", "[1] App net10.0 Debug"], "built, and again for Rebuild alone");
        repository.Requests.Length.ShouldBe(4);
    }

    [Theory]
    [InlineData("App")]
    [InlineData("All.slnx")]
    public async Task A_build_in_an_ide_restores_inside(string what)
    {
        using var repository = new Repository().WithConsole().WithSlnx("App");

        (await repository.DotnetAsync("msbuild", what, "-t:Build", "-p:BuildingInsideVisualStudio=true")).ShouldSucceed();
        (await repository.DotnetAsync("msbuild", what, "-t:Rebuild", "-p:BuildingInsideVisualStudio=true")).ShouldSucceed();

        repository.Compiled("App").ShouldBe(["[1] App net10.0 Debug", "[1] App net10.0 Debug"]);
        repository.Requests.ShouldAllBe(request => request.Contains("|-restore", StringComparison.Ordinal) && !request.Contains("BuildingInside", StringComparison.Ordinal));
        repository.Requests.Length.ShouldBe(2);
    }

    [Fact]
    public async Task Run_finds_what_a_build_with_its_own_properties_has_made()
    {
        using var repository = new Repository().WithConsole(program: "System.Console.WriteLine(System.AppContext.BaseDirectory + string.Join('|', args));", more: """
            <PropertyGroup><OutputPath Condition="'$(Place)' != ''">$(MSBuildProjectDirectory)/$(Place)/</OutputPath></PropertyGroup>
            """);

        var artifacts = await repository.DotnetAsync("run", "--project", "App", "-c", "Release", "--artifacts-path", repository["art facts"]);
        var runtime = await repository.DotnetAsync("run", "--project", "App", "-r", "linux-x64", "--", "-p:x=y", "two words");
        var place = await repository.DotnetAsync("run", "--project", "App", "-p:Place=a%3Bb c%2Cd");

        artifacts.ShouldSucceed().Output.ShouldContain(repository["art facts/bin/App/release/"]);
        runtime.ShouldSucceed().Output.ShouldContain(repository["App/bin/Debug/net10.0/linux-x64/"] + "-p:x=y|two words");
        place.ShouldSucceed().Output.ShouldContain(repository["App/a;b c,d/"]);
    }

    [Fact]
    public async Task Properties_of_the_command_line_reach_the_inside()
    {
        using var repository = new Repository().WithConsole(more: """
            <Target Name="Tell" BeforeTargets="CoreCompile"><WriteLinesToFile File="$(MSBuildProjectDirectory)/told.txt" Lines="$([MSBuild]::Escape($(Told)))|$(Other)" /></Target>
            """);

        (await repository.DotnetAsync("build", "App", "-p:Told=a%3Bb c%2Cd %22e%22 100%25", "-p:Other=x")).ShouldSucceed();

        File.ReadAllText(repository["App/told.txt"]).Trim().ShouldBe("a;b c,d \"e\" 100%|x");
    }

    [Fact]
    public async Task Properties_of_the_task_arrive_as_they_were()
    {
        using var repository = new Repository().WithConsole(more: """
            <Target Name="Tell"><WriteLinesToFile File="$(MSBuildProjectDirectory)/told.txt" Lines="$([MSBuild]::Escape($(Told)))|$(Other)" /></Target>
            <Target Name="Mine">
              <MachineForward Project="$(MSBuildProjectFullPath)" Targets="Tell" Properties="Told=a%3Bb=c%2Cd %22e%22 100%25 %253B;Other=x" />
            </Target>
            """);

        (await repository.DotnetAsync("msbuild", "App", "-t:Mine")).ShouldSucceed();

        File.ReadAllText(repository["App/told.txt"]).Trim().ShouldBe("a;b=c,d \"e\" 100% %3B|x");
    }

    [Fact]
    public async Task A_property_that_is_too_long_is_named_in_a_warning()
    {
        using var repository = new Repository().WithConsole();

        var build = await repository.DotnetAsync("build", "App", "-p:Fits=" + new string('x', 16384), "-p:Long=" + new string('x', 16385));

        build.ShouldSucceed().Output.ShouldContain("warning MACHINE005: the property Long stays behind");
        build.Output.ShouldNotContain("property Fits");
        repository.Requests[^1].ShouldContain("|-p:Fits=x");
        repository.Requests[^1].ShouldNotContain("Long");
    }

    [Fact]
    public async Task Tests_run_inside_and_a_failed_one_fails_the_command()
    {
        using var repository = new Repository().WithLibrary("Tests", code: """
            using Xunit;
            public class Facts
            {
                [Fact] public void Inside() => Assert.Equal("1", System.Environment.GetEnvironmentVariable("MACHINE_INSIDE"));
                [Fact] public void Wrong() => Assert.Fail("on purpose");
            }
            """, frameworks: "<TargetFramework>net10.0</TargetFramework><OutputType>Exe</OutputType>", more: """
              <ItemGroup>
                <PackageReference Include="Microsoft.NET.Test.Sdk" Version="18.0.1" />
                <PackageReference Include="xunit.v3" Version="3.2.1" />
                <PackageReference Include="xunit.runner.visualstudio" Version="3.1.5" />
              </ItemGroup>
            """);

        var good = await repository.DotnetAsync("test", "Tests", "--filter", "FullyQualifiedName~Inside|DisplayName=no such");
        var bad = await repository.DotnetAsync("test", "Tests", "--no-build", "--logger", "trx;LogFileName=result.trx");

        good.ShouldSucceed().Output.ShouldContain("Passed:     1");
        bad.ExitCode.ShouldBe(1, bad.ToString());
        bad.Output.ShouldContain("on purpose");
        bad.Output.ShouldNotContain("MSB4181");
        File.Exists(repository["Tests/TestResults/result.trx"]).ShouldBeTrue();
    }

    [Fact]
    public async Task Tests_of_a_solution_are_asked_for_inside()
    {
        using var repository = new Repository().WithLibrary(more: """
            <Target Name="Tell" AfterTargets="VSTest"><WriteLinesToFile File="$(MSBuildProjectDirectory)/tested.txt" Lines="[$(MACHINE_INSIDE)]" /></Target>
            """).WithSlnx("Lib");

        (await repository.DotnetAsync("test", "All.slnx")).ShouldSucceed();

        File.ReadAllLines(repository["Lib/tested.txt"]).ShouldBe(["[1]"]);
        repository.Requests[^1].ShouldContain("|-t:VSTest");
    }

    [Theory]
    [InlineData("--project", "App")]
    [InlineData("--solution", "All.slnx")]
    public async Task Tests_in_platform_mode_end_with_an_error_that_tells_the_way(string option, string what)
    {
        using var repository = new Repository().WithConsole(more: "<PropertyGroup><IsTestingPlatformApplication>true</IsTestingPlatformApplication></PropertyGroup>").WithSlnx("App");
        repository.Write("global.json", """{ "test": { "runner": "Microsoft.Testing.Platform" } }""");

        var test = await repository.DotnetAsync("test", option, what);

        test.ExitCode.ShouldBe(1, test.ToString());
        test.Output.ShouldContain("error MACHINE003");
        repository.Compiled("App").ShouldBeEmpty();
    }

    private static Task<Outcome> ProcessFrom(Repository repository, string folder, params string[] arguments) =>
        ProcessRun.RunAsync("dotnet", folder, arguments, repository.Environment());
}
