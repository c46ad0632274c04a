using Machine.Tool.Enclosure;

namespace Machine.Tool.Tests.Enclosure;

/// <summary>Hostile repositories × verbs × working folders, with this host's real SDK: what runs here is counted by a canary.</summary>
public sealed class HostileProjectTests : IDisposable
{
    private readonly EnclosedProject project = new();

    public HostileProjectTests() => EnclosedProject.SkipUnlessLinux();

    public static TheoryData<string> Kinds => [.. HostileProjects.Kinds];

    public void Dispose() => project.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void In_the_project_nothing_runs_on_the_host(string kind)
    {
        HostileProjects.Write(project, kind);
        project.Enclose();
        // Below the root the muxer does nothing else; a few verbs are enough there.
        string[] verbs = ["restore", "build", "test", "run", "publish", "pack", "clean", "format", "watch", "msbuild", "new", "list", "add"];
        var cases = verbs.Select(verb => (Folder: project.Root, Verb: verb)).Concat(verbs.Take(4).Select(verb => (Folder: Path.Combine(project.Root, "src"), Verb: verb)));
        foreach (var (folder, verb) in cases)
        {
            project.Reset();
            project.Dotnet(folder, verb).ExitCode.ShouldBe(42, verb);

            project.Recorded.ShouldBe([folder, "dotnet", verb]);
            (project.Evaluated, project.Executed).ShouldBe((false, false), verb);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void From_outside_the_response_file_stops_what_forwards_to_msbuild(string kind)
    {
        var file = HostileProjects.Write(project, kind);
        project.Enclose();
        foreach (var line in (string[][])[["build", file], ["restore", file], ["test", file], ["clean", file], ["msbuild", file], ["list", file, "package"], ["add", file, "package", "X"]])
        {
            project.Reset();
            var outcome = project.Dotnet(project.Outside, line);

            outcome.ExitCode.ShouldNotBe(0, line[0]);
            outcome.Text.ShouldContain("MSB1001", customMessage: line[0]);
            outcome.Text.ShouldContain("This repository builds inside its machine", customMessage: line[0]);
            (project.Evaluated, project.Executed).ShouldBe((false, false), string.Join(' ', line));
        }
    }

    /// <summary>These call MSBuild as a library. docs/transparent-dotnet.md has the same table.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void From_outside_the_property_stops_what_evaluates_in_process(string kind)
    {
        var file = HostileProjects.Write(project, kind);
        project.Enclose();
        var isOpen = kind is "opt-out" or "no-sdk";
        foreach (var line in (string[][])[["run", "--project", file], ["run", "--no-build", "--project", file], ["publish", file], ["pack", file], ["add", file, "reference", file], ["msbuild", "-noAutoResponse", file]])
        {
            project.Reset();
            var outcome = project.Dotnet(project.Outside, line);

            if (!isOpen)
            {
                outcome.ExitCode.ShouldNotBe(0, line[0]);
                outcome.Text.ShouldContain("This repository builds inside its machine", customMessage: string.Join(' ', line));
            }

            project.Evaluated.ShouldBe(isOpen, string.Join(' ', line));
            // What still executes: a project that opts out, where the caller switches response files off or skips the build.
            project.Executed.ShouldBe(isOpen && (line.Contains("-noAutoResponse") || (kind == "opt-out" && line.Contains("--no-build"))), string.Join(' ', line));
        }
    }

    [Theory]
    [InlineData("<Project Sdk=\"Microsoft.NET.Sdk\" InitialTargets=\"READ\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>")]
    [InlineData("<Project><PropertyGroup><A>READ</A></PropertyGroup><Import Project=\"Sdk.props\" Sdk=\"Microsoft.NET.Sdk\" /><Import Project=\"Sdk.targets\" Sdk=\"Microsoft.NET.Sdk\" /></Project>")]
    public void From_outside_what_stands_before_the_sdk_is_evaluated_and_nothing_after_it(string text)
    {
        var file = project.Write("src/evil.csproj", text.Replace("READ", $"$([System.IO.File]::ReadAllText('{project.Secret}'))", StringComparison.Ordinal));
        project.Enclose();

        project.Dotnet(project.Outside, "build", file).Text.ShouldContain("MSB1001");
        project.Evaluated.ShouldBeFalse();
        project.Dotnet(project.Outside, "run", "--project", file).Text.ShouldContain("This repository builds inside its machine");
        project.Evaluated.ShouldBeTrue();
    }

    [Theory]
    [InlineData("Directory.Solution.props")]
    [InlineData("Directory.Solution.targets")]
    [InlineData("before.All.sln.targets")]
    [InlineData("after.All.sln.targets")]
    public void From_outside_a_solutions_own_files_run_only_where_the_caller_switches_response_files_off(string name)
    {
        var solution = project.Write("All.sln", """
            Microsoft Visual Studio Solution File, Format Version 12.00
            Project("{9A19103F-16F7-4668-BE54-9A1E7A4F7556}") = "a", "src\a.csproj", "{11111111-1111-1111-1111-111111111111}"
            EndProject
            Global
            EndGlobal

            """);
        project.Write("src/a.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>");
        var hostile = $"<Project InitialTargets=\"Evil\"><PropertyGroup><Stolen>$([System.IO.File]::ReadAllText('{project.Secret}'))</Stolen></PropertyGroup><Target Name=\"Evil\"><WriteLinesToFile File=\"{project.Canary}\" Lines=\"x\" /></Target></Project>";
        var file = project.Write(name, hostile);
        project.Enclose();

        project.Dotnet(project.Outside, "msbuild", solution).Text.ShouldContain("MSB1001");
        (project.Evaluated, project.Executed).ShouldBe((false, false));
        project.Dotnet(project.Outside, "msbuild", "-noAutoResponse", solution);
        (project.Evaluated, project.Executed).ShouldBe((true, true));
        Openings.Of(project.Project, project.Paths, EnclosedProject.Host).ShouldContain(opening => opening.Where == file && opening.Meaning.Contains("-noAutoResponse"));

        // What doctor advises.
        project.Write(name, PropsNet.Edit(hostile, name));
        project.Reset();
        project.Dotnet(project.Outside, "msbuild", "-noAutoResponse", solution).Text.ShouldContain("This repository builds inside its machine");
        (project.Evaluated, project.Executed).ShouldBe((false, false));
        Openings.Of(project.Project, project.Paths, EnclosedProject.Host).ShouldNotContain(opening => opening.Where == file);
    }

    [Fact]
    public void From_outside_a_file_based_app_is_stopped()
    {
        var file = project.Write("app.cs", "System.IO.File.WriteAllText(\"" + project.Canary + "\", \"x\");");
        project.Enclose();

        var outcome = project.Dotnet(project.Outside, "run", file);

        outcome.ExitCode.ShouldNotBe(0);
        outcome.Text.ShouldContain("This repository builds inside its machine");
        project.Executed.ShouldBeFalse();
    }

    [Fact]
    public void The_canaries_sing_where_there_is_no_net()
    {
        var file = HostileProjects.Write(project, "no-sdk");

        project.Dotnet(project.Outside, "msbuild", file);

        (project.Evaluated, project.Executed).ShouldBe((true, true));
    }

    [Fact]
    public void Inside_neither_mesh_is_felt()
    {
        var file = project.Write("src/good.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>");
        project.Enclose();

        var outcome = project.Run("/usr/bin/env", project.Outside, "MACHINE_INSIDE=1", "MACHINE_INSIDE_RSP=noWarn", Path.Combine(EnclosedProject.Host, "dotnet"), "msbuild", file, "-getProperty:MachineOutside,TargetFramework");

        outcome.ExitCode.ShouldBe(0, outcome.Text);
        outcome.Text.ShouldContain("net10.0");
        outcome.Text.ShouldNotContain("This repository");
    }
}
