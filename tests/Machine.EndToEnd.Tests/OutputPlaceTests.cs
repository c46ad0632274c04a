namespace Machine.EndToEnd.Tests;

/// <summary>Places that a command line names for output, and the logger of forwarded builds, in a real machine. No SDK project: MSBuild alone is quick.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class OutputPlaceTests(SharedMachine machine)
{
    private readonly ProjectFolder project = machine.Project;

    [Fact]
    public async Task What_a_property_names_comes_back_and_the_rest_is_held()
    {
        project.Write("places/plain.proj", """
            <Project>
              <Target Name="Publish">
                <WriteLinesToFile File="$(PublishDir)/app.txt" Lines="$([System.Environment]::OSVersion)" />
                <WriteLinesToFile File="elsewhere.txt" Lines="held" />
              </Target>
            </Project>
            """);

        (await project.RunAsync("dotnet", "msbuild", "places/plain.proj", "-t:Publish", "-p:PublishDir=out dir", "-bl:logs/p.binlog")).ShouldSucceed();

        File.Exists(project["places/out dir/app.txt"]).ShouldBeTrue();
        File.Exists(project["logs/p.binlog"]).ShouldBeTrue();
        File.Exists(project["places/elsewhere.txt"]).ShouldBeFalse();
    }

    [Fact]
    public async Task A_place_outside_is_refused_before_anything_runs()
    {
        var result = await project.RunAsync("publish", "-o", "../out");

        result.ExitCode.ShouldBe(2);
        result.Error.ShouldContain("outside of the project");
        result.Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_logger_of_forwarded_builds_is_inside_and_speaks_records()
    {
        project.Write("places/warn.proj", """<Project><Target Name="Build"><Warning Code="W1" Text="from inside" File="a.cs" /></Target></Project>""");

        var result = await project.RunAsync("dotnet", "msbuild", "places/warn.proj", "-noconsolelogger", "-logger:Machine.Build.Guest.RecordLogger,/machine/bin/Machine.Build.dll");

        result.ShouldSucceed().Output.ShouldContain("##machine-build[1]\tW\t0\tW1\t\ta.cs\t");
    }
}
