using Machine.Tool.Hosting;
using Machine.Tool.Tests.Machinefiles;
using Machine.Tool.Workspaces.Outputs;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Tests.Workspaces.Outputs;

/// <summary>Places that a command line names for output, and what of them comes back.</summary>
public sealed class OutputPlacesTests : IDisposable
{
    private readonly Scratch scratch = new();

    [Theory]
    [InlineData("", "publish -o out", "out/App.dll", "src/out/App.dll")]
    [InlineData("", "publish --output=out/", "out/runtimes/x/y.so", "other/y.so")]
    [InlineData("", "build --output:./a/../out", "out/App.dll", "a/App.dll")]
    [InlineData("src", "pack -o ../packages -c Release", "packages/a.nupkg", "src/packages/a.nupkg")]
    [InlineData("src", "build --artifacts-path build", "src/build/bin/App/App.dll", "build/bin/App/App.dll")]
    [InlineData("", "test --results-directory results --logger trx;LogFileName=../a.trx", "a.trx", "b.trx")]
    [InlineData("", "test --results-directory results", "results/guid/coverage.xml", "coverage.xml")]
    [InlineData("", "test --logger trx;LogFileName=a.trx", "tests/App.Tests/TestResults/a.trx", "a.trx")]
    [InlineData("", "test -l junit;LogFilePath=logs/a.xml", "logs/a.xml", "a.xml")]
    [InlineData("", "build -bl", "msbuild.binlog", "src/msbuild.binlog")]
    [InlineData("src", "build /BL:logs/a.binlog;ProjectImports=None", "src/logs/a.binlog", "logs/a.binlog")]
    [InlineData("", "build --binaryLogger:LogFile=\"a.binlog\"", "a.binlog", "b.binlog")]
    [InlineData("", "build -bl:{}.binlog", "20260101.binlog", "20260101.txt")]
    [InlineData("", "msbuild -flp1:logfile=logs/m.log;verbosity=d", "logs/m.log", "m.log")]
    [InlineData("", "publish -p:PublishDir=out", "src/App/out/App.dll", "src/App/App.dll")]
    [InlineData("", "publish /p:Configuration=Release;PublishDir=\"out\"", "out/App.dll", "in/App.dll")]
    [InlineData("", "pack -property:PackageOutputPath=../packages", "packages/a.nupkg", "a.nupkg")]
    [InlineData("", "build --property OutputPath=x%20y", "src/x y/App.dll", "src/x/App.dll")]
    [InlineData("", "build -p BaseOutputPath=b", "src/b/Debug/App.dll", "src/App.dll")]
    [InlineData("", "build -o odd[1]{a}!", "odd[1]{a}!/App.dll", "odd/App.dll")]
    public void What_is_written_there_is_an_output(string folder, string command, string output, string other)
    {
        var globs = new GlobSet(Globs(folder, command));

        globs.Matches(output).ShouldBeTrue();
        globs.Matches(other).ShouldBeFalse();
    }

    [Theory]
    [InlineData("build -c Release --no-restore")]
    [InlineData("new console -o out")]
    [InlineData("run -- -o ../elsewhere")]
    [InlineData("test --logger trx")]
    [InlineData("build -p:Version=1.2.3;OutputPath=")]
    [InlineData("build /home/me/o")]
    [InlineData("publish -o .")]
    [InlineData("publish -o $PWD")]
    [InlineData("tool install -o")]
    public void What_names_no_place_of_its_own_adds_nothing(string command) => Globs("", command).ShouldBeEmpty();

    [Fact]
    public void A_property_is_relative_to_the_project_that_is_built()
    {
        scratch.Write("src/App/App.csproj", "<Project />");

        Globs("", "publish src/App -p:PublishDir=../out").ShouldBe(["/src/out/**"]);
        Globs("src", "publish App/App.csproj -p:PublishDir=out/").ShouldBe(["/src/App/out/**"]);
        Should.Throw<MachineException>(() => Globs("", "publish src/App -p:PublishDir=../../../out"));
    }

    [Theory]
    [InlineData("All.slnx", """<Solution><Project Path="src/App/App.csproj" /><Project Path="tests/App.Tests/App.Tests.csproj" /></Solution>""")]
    [InlineData("All.sln", """Project("{FAE0}") = "App", "src\App\App.csproj", "{1}" Project("{FAE0}") = "T", "tests\App.Tests\App.Tests.csproj", "{2}" """)]
    [InlineData("All.slnf", """{ "solution": { "path": "All.sln", "projects": [ "src\\App\\App.csproj", "tests\\App.Tests\\App.Tests.csproj" ] } }""")]
    public void A_property_is_relative_to_each_project_of_a_solution(string solution, string text)
    {
        scratch.Write("src/App/App.csproj", "<Project />");
        scratch.Write("tests/App.Tests/App.Tests.csproj", "<Project />");
        scratch.Write(solution, text);

        Globs("", "pack -p:PackageOutputPath=../../packages").ShouldBe(["/packages/**"]);
        Globs("src/App", $"publish ../../{solution} -p:PublishDir=../out").ShouldBe(["/src/out/**", "/tests/out/**"]);
        Globs("src/App", $"publish ../../{solution} -p:PublishDir=out").ShouldBe(["**/out/**"]);
        Globs("", "test --logger trx;LogFileName=../../x.trx").ShouldBe(["/src/x.trx", "/tests/x.trx"]);
        Should.Throw<MachineException>(() => Globs("", "pack -p:PackageOutputPath=../../../packages")).Message.ShouldContain("outside of the project");
        Should.Throw<MachineException>(() => Globs("", "test --logger trx;LogFileName=../../../../x.trx"));
    }

    [Fact]
    public void Backslashes_and_options_before_the_verb_are_understood()
    {
        scratch.Write("src/App/App.csproj", "<Project />");

        Globs("", @"publish src/App -p:PublishDir=..\out\").ShouldBe(["/src/out/**"]);
        Should.Throw<MachineException>(() => Globs("", @"publish src/App -p:PublishDir=..\..\..\out"));
        Globs("", "-d build -o out").ShouldBe(["/out/**"]);
        Should.Throw<MachineException>(() => Globs("", "--diagnostics build -o ../out"));
    }

    [Theory]
    [InlineData("publish -o ../out")]
    [InlineData("build --artifacts-path /tmp/artifacts")]
    [InlineData("build -bl:../a.binlog")]
    [InlineData("publish -p:PublishDir=/srv/out/")]
    [InlineData("test --results-directory ..")]
    public void Outside_of_the_project_it_is_refused_with_the_way(string command)
    {
        var refusal = Should.Throw<MachineException>(() => Globs("", command));

        refusal.Message.ShouldContain("outside of the project");
        refusal.Remedy!.ShouldContain("shares: [{ host: ");
        refusal.ExitCode.ShouldBe(ExitCode.Usage);
    }

    [Fact]
    public void A_share_that_the_machine_may_write_is_a_place()
    {
        Directory.CreateDirectory(scratch.At("data"));
        Directory.CreateDirectory(scratch.At("read"));
        const string machinefile = "shares: [{ host: ../data, guest: /data, write: true }, { host: ../read, guest: /read }]";

        Globs("", "publish -o /data/out", machinefile).ShouldBeEmpty();
        Should.Throw<MachineException>(() => Globs("", "publish -o /read/out", machinefile));
        Should.Throw<MachineException>(() => Globs("", "publish -o /database", machinefile));
    }

    public void Dispose() => scratch.Dispose();

    private IReadOnlyList<string> Globs(string folder, string command, string machinefile = "")
    {
        var directory = Path.TrimEndingDirectorySeparator(Path.Combine(scratch.Project.Path, folder));
        Directory.CreateDirectory(directory);
        return new OutputPlaces(scratch.Project.Path, directory, scratch.Read(machinefile))
            .Globs(command.Replace("$PWD", directory, StringComparison.Ordinal).Split(' '));
    }
}
