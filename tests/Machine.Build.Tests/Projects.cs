namespace Machine.Build.Tests;

/// <summary>Small projects that the tests build. Each tells in compiled.txt where its compiler ran.</summary>
internal static class Projects
{
    private const string Canary = """
          <Target Name="TellWhere" AfterTargets="CoreCompile">
            <WriteLinesToFile File="$(MSBuildProjectDirectory)/compiled.txt" Lines="[$(MACHINE_INSIDE)] $(MSBuildProjectName) $(TargetFramework) $(Configuration)" />
          </Target>
        """;

    public static Repository WithConsole(this Repository repository, string name = "App", string program = "System.Console.WriteLine(\"hello\");", string more = "") => repository
        .Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
              </PropertyGroup>
            {Canary}
            {more}
            </Project>
            """)
        .Write($"{name}/Program.cs", program);

    public static Repository WithLibrary(this Repository repository, string name = "Lib", string frameworks = "<TargetFramework>net10.0</TargetFramework>", string code = "public class Thing { }", string more = "") => repository
        .Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>{frameworks}</PropertyGroup>
            {Canary}
            {more}
            </Project>
            """)
        .Write($"{name}/{name}.cs", code);

    public static Repository WithSlnx(this Repository repository, params string[] names) => repository.Write(
        "All.slnx", $"<Solution>{string.Concat(names.Select(name => $"<Project Path=\"{name}/{name}.csproj\" />"))}</Solution>");

    public static Repository WithSln(this Repository repository, params string[] names)
    {
        var projects = names.Select((name, i) => (name, id: $"{{00000000-0000-0000-0000-00000000000{i}}}")).ToList();
        return repository.Write("All.sln", $"""
            Microsoft Visual Studio Solution File, Format Version 12.00
            {string.Join('\n', projects.Select(p => $"Project(\"{{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}}\") = \"{p.name}\", \"{p.name}\\{p.name}.csproj\", \"{p.id}\"\nEndProject"))}
            Global
            	GlobalSection(SolutionConfigurationPlatforms) = preSolution
            		Debug|Any CPU = Debug|Any CPU
            		Release|Any CPU = Release|Any CPU
            	EndGlobalSection
            	GlobalSection(ProjectConfigurationPlatforms) = postSolution
            {string.Join('\n', projects.SelectMany(p => new[] { "Debug", "Release" }.SelectMany(c => new[] { "ActiveCfg", "Build.0" }.Select(w => $"\t\t{p.id}.{c}|Any CPU.{w} = {c}|Any CPU"))))}
            	EndGlobalSection
            EndGlobal

            """);
    }

    /// <summary>Where the compiler ran, every time: <c>[1] App net10.0 Debug</c> is inside.</summary>
    public static string[] Compiled(this Repository repository, string name)
    {
        var file = repository[$"{name}/compiled.txt"];
        return File.Exists(file) ? [.. File.ReadAllLines(file).Order(StringComparer.Ordinal)] : [];
    }
}
