namespace Machine.Build.Tests.Forwarding;

/// <summary>The table of docs/msbuild.md: what of a hostile project still runs on the host with forwarding, and what does not.</summary>
public sealed class HostExecutionTests
{
    [Fact]
    public async Task What_still_runs_on_the_host_is_what_the_docs_list()
    {
        using var repository = new Repository().WithConsole();
        repository.Write("App/App.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk" InitialTargets="Initial">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Read>$([System.IO.File]::ReadAllText('{repository.Path}/secret'))</Read>
              </PropertyGroup>
            {Canary("Initial", "initial target of the project", "")}
            {Canary("Before", "target before Build in the project", "BeforeTargets='Build'")}
            {Canary("BeforeCompiler", "target before CoreCompile in the project", "BeforeTargets='CoreCompile'")}
            </Project>
            """);
        repository.Write("Directory.Build.targets", $"<Project>{Canary("Below", "target before Build in Directory.Build.targets", "BeforeTargets='Build'")}</Project>");
        repository.Write("App/obj/App.csproj.evil.g.props", $"<Project InitialTargets='Evil'>{Canary("Evil", "props of a package in obj", "")}</Project>");
        repository.Write("App/obj/App.csproj.evil.g.targets", $"<Project InitialTargets='Evil2'>{Canary("Evil2", "targets of a package in obj", "")}</Project>");
        repository.Write("App/App.csproj.user", $"<Project InitialTargets='User'>{Canary("User", "project file of a user", "")}</Project>");

        var noSecret = await repository.DotnetAsync("build", "App");
        repository.Write("secret", "$");
        (await repository.DotnetAsync("build", "App")).ShouldSucceed();

        noSecret.ExitCode.ShouldNotBe(0, "property functions of the project file run on the host");
        File.ReadAllLines(repository["ran"]).ShouldContain("[1] target before CoreCompile in the project");
        File.ReadAllLines(repository["ran"]).Where(line => line.StartsWith("[]", StringComparison.Ordinal)).Select(line => line[3..]).Distinct().Order(StringComparer.Ordinal)
            .ShouldBe(["initial target of the project", "target before Build in the project"]);
    }

    [Theory]
    [InlineData("opts out")]
    [InlineData("has a nested Directory.Build.props")]
    [InlineData("has no SDK")]
    public async Task The_whole_build_of_a_project_without_our_props_runs_on_the_host_but_inside_with_its_solution(string project)
    {
        using var repository = new Repository().WithLibrary().WithSlnx("Lib");
        _ = project switch
        {
            "opts out" => repository.Write("Lib/Lib.csproj", $"""
                <Project>
                  <PropertyGroup><ImportDirectoryBuildProps>false</ImportDirectoryBuildProps></PropertyGroup>
                  <Import Project="Sdk.props" Sdk="Microsoft.NET.Sdk" />
                  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
                {Canary("BeforeCompiler", "compiler", "BeforeTargets='CoreCompile'")}
                  <Import Project="Sdk.targets" Sdk="Microsoft.NET.Sdk" />
                </Project>
                """),
            "has no SDK" => repository.Write("Lib/Lib.csproj", $"<Project>{Canary("Build", "compiler", "")}<Target Name=\"Restore\" /></Project>"),
            _ => repository.Write("Lib/Directory.Build.props", "<Project />").WithLibrary(more: Canary("BeforeCompiler", "compiler", "BeforeTargets='CoreCompile'")),
        };

        (await repository.DotnetAsync("build", "Lib")).ShouldSucceed();
        repository.Requests.ShouldBeEmpty();
        (await repository.DotnetAsync("build", "All.slnx", "-p:Configuration=Release")).ShouldSucceed();

        File.ReadAllLines(repository["ran"]).ShouldBe(["[] compiler", "[1] compiler"]);
    }

    // Where it ran is in the brackets: nothing on the host, 1 inside.
    private static string Canary(string name, string what, string when) => $"""
        <Target Name="{name}" {when}>
          <WriteLinesToFile File="$(MSBuildProjectDirectory)/../ran" Lines="[$(MACHINE_INSIDE)] {what}" />
        </Target>
        """;
}
