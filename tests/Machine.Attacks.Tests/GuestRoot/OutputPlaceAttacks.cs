using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Workspaces.Outputs;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A place that a command line names is that place alone: no character of it is a wildcard to the import.</summary>
public sealed class OutputPlaceAttacks : IDisposable
{
    private readonly AttackedProject project = new();

    public void Dispose() => project.Dispose();

    // P23.
    [Theory]
    [InlineData("-p:OutDir={}/", "src/evil.txt")]
    [InlineData("-p:PublishDir=*", "src/evil.txt")]
    [InlineData("-p:PublishDir=**/**", "src/evil.txt")]
    [InlineData("-p:OutputPath=?/", "x/evil.txt")]
    [InlineData("-p:OutDir={src,docs}/", "src/evil.txt")]
    [InlineData("-o *", "src/evil.txt")]
    [InlineData("-o {}", "src/evil.txt")]
    [InlineData("-o [a-z]", "s/evil.txt")]
    [InlineData("-o o!t", "out/evil.txt")]
    [InlineData("-bl:*.binlog", "evil.binlog")]
    [InlineData("-bl:LogFile={}", "evil.txt")]
    [InlineData("-bl:{}/x.binlog", "src/x.binlog")]
    [InlineData("-flp:logfile={}", "evil.txt")]
    [InlineData("--results-directory {}", "src/evil.txt")]
    [InlineData("-p:OutDir=<project>/bin", "src/bin/evil.txt")]
    public async Task A_wildcard_in_a_named_place_is_a_character(string argument, string path)
    {
        project.Write("Machinefile", "");
        Directory.CreateDirectory(project.At("src"));
        var root = new ProjectRoot(ProjectRoot.RealPath(project.Path));
        var places = new OutputPlaces(root.Path, root.Path, MachinefileReader.Read(root)).Globs(["build", .. argument.Split(' ')]);
        project.Guest.Says(path);

        (await project.CommandAsync(places: [.. places])).Imported.ShouldBe(0);

        project.Read(path).ShouldBeNull();
    }

    [Theory]
    [InlineData("a*b{c}?", "a*b{c}?/x.dll", true)]
    [InlineData("a*b{c}?", "aXb{c}?/x.dll", false)]
    [InlineData("a*b{c}?", "a*bcc/x.dll", false)]
    public void A_place_with_such_a_name_is_found_by_it_alone(string place, string path, bool isThere) =>
        new GlobSet([$"/{Glob.Escape(place)}/**"]).Matches(path).ShouldBe(isThere);
}
