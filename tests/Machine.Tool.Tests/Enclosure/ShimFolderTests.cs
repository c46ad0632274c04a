using System.Collections.Concurrent;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Tests.Enclosure;

public sealed class ShimFolderTests : IDisposable
{
    private readonly EnclosedProject project = new();
    private readonly ConcurrentQueue<Exception> failures = new();

    private ShimFolder Shim => ShimFolder.Of(project.Root);

    public void Dispose() => project.Dispose();

    [Fact]
    public void It_is_written_once_and_again_when_version_or_tool_change()
    {
        Shim.LayOut("10.0.100", project.Target).ShouldBeTrue();
        Shim.LayOut("10.0.100", project.Target).ShouldBeFalse();
        Shim.LayOut("10.0.101", project.Target).ShouldBeTrue();
        Shim.Versions.ShouldBe(["10.0.101"]);
        Shim.LayOut("10.0.101", project.Target with { Words = ["/elsewhere/dotnet-machine"] }).ShouldBeTrue();
        project.Read(".machine/tool").ShouldBe($"{EnclosedProject.Host}\n/elsewhere/dotnet-machine\n");
        project.Read(".machine/.gitignore").ShouldEndWith("*\n");
        Directory.EnumerateFileSystemEntries(project.Root).Select(Path.GetFileName).ShouldBe([".machine"]);
    }

    [Theory]
    [InlineData("sdk/10.0.999/dotnet.dll")]
    [InlineData("sdk/10.0.100/evil.dll")]
    [InlineData("sdk/10.0.100/dotnet.dll")]
    [InlineData("sdk/10.0.100/dotnet.runtimeconfig.json")]
    [InlineData("host/fxr")]
    [InlineData("tool")]
    public void What_a_repository_brings_with_it_is_thrown_away(string relative)
    {
        Shim.LayOut("10.0.100", project.Target);
        project.Write(".machine/" + relative, "evil");

        Shim.IsCurrent("10.0.100", project.Target).ShouldBeFalse();
        Shim.LayOut("10.0.100", project.Target);

        Shim.IsCurrent("10.0.100", project.Target).ShouldBeTrue();
        Directory.EnumerateFiles(Path.Combine(project.Root, ".machine", "sdk"), "*", SearchOption.AllDirectories).Where(file => File.ReadAllText(file) == "evil").ShouldBeEmpty();
    }

    [Fact]
    public void Starts_that_race_all_succeed()
    {
        for (var round = 100; round < 130; round++)
        {
            var version = $"10.0.{round}";
            using var barrier = new Barrier(4);
            var racers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
            {
                barrier.SignalAndWait();
                try
                {
                    ShimFolder.Of(project.Root).LayOut(version, project.Target);
                }
                catch (Exception e)
                {
                    failures.Enqueue(e);
                }
            })).ToList();
            racers.ForEach(racer => racer.Start());
            racers.ForEach(racer => racer.Join());

            failures.ShouldBeEmpty();
            Shim.IsCurrent(version, project.Target).ShouldBeTrue();
        }

        Directory.EnumerateFileSystemEntries(project.Root).Select(Path.GetFileName).ShouldBe([".machine"]);
    }

    [Fact]
    public void A_start_goes_on_where_the_folder_cannot_be_written()
    {
        EnclosedProject.SkipUnlessLinux();
        // Not even root may: a name that still holds global.json but not the shim's.
        var folder = project.Root;
        while (folder.Length < 4040)
        {
            folder = Path.Combine(folder, new string('d', Math.Min(200, 4045 - folder.Length)));
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "global.json"), GlobalJsonEdit.Edit(null, "10.0.100", "global.json"));

        new ProjectEnclosure(new ProjectRoot(folder), project.Paths).IsWanted.ShouldBeTrue();
        Should.NotThrow(() => StartMachine.LayOutShim(new ProjectRoot(folder), project.Paths, _ => { }));
    }

    [Fact]
    public void A_link_in_its_place_is_refused_and_not_followed()
    {
        Directory.CreateSymbolicLink(Path.Combine(project.Root, ".machine"), project.Outside);

        Should.Throw<MachineException>(() => Shim.LayOut("10.0.100", project.Target));
        Directory.EnumerateFileSystemEntries(project.Outside).ShouldBeEmpty();
    }

    [Fact]
    public void The_tool_names_itself_by_absolute_paths()
    {
        var target = ShimTarget.ThisTool();

        target.Words.ShouldAllBe(word => Path.IsPathFullyQualified(word));
        File.Exists(target.Words[^1]).ShouldBeTrue();
        Directory.Exists(Path.Combine(target.DotnetRoot, "shared")).ShouldBeTrue();
    }

    [Fact]
    public void A_junction_is_made_by_the_shell_of_windows() =>
        FolderLink.JunctionArguments(@"C:\a b\shared", @"C:\Program Files\dotnet\shared")
            .ShouldBe(@"/d /c mklink /J ""C:\a b\shared"" ""C:\Program Files\dotnet\shared""");
}
