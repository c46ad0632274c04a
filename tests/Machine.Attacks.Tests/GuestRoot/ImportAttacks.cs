using FsCheck.Fluent;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Workspaces;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Lower;
using Machine.Tool.Workspaces.Review;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>Guest root replaced the program that tells the changes. The host keeps what is good and refuses the rest by name.</summary>
public sealed class ImportAttacks : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-hostile-").FullName;
    private readonly LyingGuest guest = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public ImportAttacks()
    {
        Directory.CreateDirectory(Project);
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Combine(Outside, "secret"), "untouched");
    }

    private string Project => Path.Combine(folder, "project");

    private string Outside => Path.Combine(folder, "outside");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Workspace Workspace(LyingGuest? by = null, ImportLimits? limits = null, Func<string, HostTree>? tree = null) => new(
        Project, Path.Combine(folder, "state"), new WorkspaceSettings(["**/bin/**", "artifacts/**"], ChangesMode.Apply), by ?? guest, new SharedLower(), limits, tree);

    private async Task<ChangeReport> CollectAsync(ImportLimits? limits = null, Func<string, HostTree>? tree = null)
    {
        var workspace = Workspace(limits: limits, tree: tree);
        return await workspace.CollectAsync(await workspace.PrepareAsync(cancel), cancel);
    }

    private string[] Files() => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(folder, f)).Where(f => !f.StartsWith("state", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Theory]
    [InlineData("../outside/secret", "climbing")]
    [InlineData("bin/../../outside/secret", "climbing")]
    [InlineData("/etc/passwd", "absolute")]
    [InlineData("bin//x", "climbing")]
    [InlineData("bin/./x", "climbing")]
    [InlineData("", "absolute")]
    [InlineData("bin/..", "climbing")]
    [InlineData("bin\\..\\..\\outside\\secret", "backslash")]
    [InlineData("bin/a\nb", "control")]
    [InlineData("bin/a\u001b[31m", "control")]
    [InlineData("bin/a\u202egnp.exe", "invisible")]
    [InlineData("bin/a\u200bb", "invisible")]
    [InlineData("bin/con", "device")]
    [InlineData("bin/Aux.txt", "device")]
    [InlineData("bin/LPT1", "device")]
    [InlineData("bin/nul .txt", "device")]
    [InlineData("bin/a.", "dot or a space")]
    [InlineData("bin/a ", "dot or a space")]
    [InlineData("bin/.machine-import.tmp", "temporary")]
    public async Task A_name_that_is_none_is_refused_and_the_good_one_beside_it_comes(string path, string reason)
    {
        guest.Says(path).Says("bin/good");
        var report = await CollectAsync();
        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain(reason);
        report.Imported.ShouldBe(1);
        Files().ShouldBe(["outside/secret", "project/bin/good"]);
        (await File.ReadAllTextAsync(Path.Combine(Outside, "secret"), cancel)).ShouldBe("untouched");
    }

    [Fact]
    public async Task Names_that_are_not_text_or_too_long_or_too_deep_are_refused()
    {
        guest.Says([(byte)'b', (byte)'i', (byte)'n', (byte)'/', 0xff, 0xfe])
            .Says("bin/" + new string('a', 256))
            .Says(string.Join('/', Enumerable.Repeat("bin", 400)))
            .Says(string.Join('/', Enumerable.Repeat("b", 101)))
            .Says("bin/" + new string('é', 127));
        var report = await CollectAsync();
        report.Refused.Count.ShouldBe(4);
        report.Refused.ShouldContain(c => c.Path == "bin/\\xff\\xfe" && c.Reason == "its name is not UTF-8");
        report.Imported.ShouldBe(1);
    }

    [Theory]
    [InlineData('c', "644", "a device")]
    [InlineData('b', "644", "a device")]
    [InlineData('p', "644", "a pipe")]
    [InlineData('s', "644", "a socket")]
    [InlineData('D', "644", "neither")]
    [InlineData('f', "4755", "set-user-id")]
    [InlineData('f', "2755", "set-group-id")]
    public async Task What_is_no_plain_file_is_refused(char type, string mode, string reason)
    {
        guest.Says("bin/x", type, mode: mode).Says("bin/good");
        var report = await CollectAsync();
        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain(reason);
        Files().ShouldBe(["outside/secret", "project/bin/good"]);
    }

    [Theory]
    [InlineData("/etc/passwd", "absolute")]
    [InlineData("../../outside/secret", "out of the project")]
    [InlineData("a/../../../outside", "climbs after a name")]
    [InlineData("../.git/hooks/pre-commit", "guarded")]
    [InlineData("../.GIT", "guarded")]
    [InlineData("../src/obj/x", "guarded")]
    [InlineData("C:\\Windows", "absolute")]
    [InlineData("", "absolute")]
    [InlineData("../escape/secret", "link of the host")]
    [InlineData("../escape", "absolute")]
    public async Task A_link_to_where_it_must_not_lead_is_refused(string target, string reason)
    {
        File.CreateSymbolicLink(Path.Combine(Project, "escape"), Outside);
        guest.Says("bin/x", 'l', link: target);
        (await CollectAsync()).Refused.ShouldHaveSingleItem().Reason!.ShouldContain(reason);
        Directory.Exists(Path.Combine(Project, "bin")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_link_inside_the_project_comes_as_a_link()
    {
        guest.Says("bin/lib.so.1").Says("bin/lib.so", 'l', link: "lib.so.1").Says("bin/sub/up", 'l', link: "../lib.so.1");
        (await CollectAsync()).Imported.ShouldBe(3);
        new FileInfo(Path.Combine(Project, "bin/lib.so")).LinkTarget.ShouldBe("lib.so.1");
        (await File.ReadAllTextAsync(Path.Combine(Project, "bin/sub/up"), cancel)).ShouldBe("xxx");
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_of_the_host()
    {
        Directory.CreateDirectory(Path.Combine(Project, "artifacts"));
        File.CreateSymbolicLink(Path.Combine(Project, "bin"), Outside);
        File.CreateSymbolicLink(Path.Combine(Project, "artifacts", "file"), Path.Combine(Outside, "secret"));
        guest.Says("bin/secret").Says("bin/new").Says("artifacts/file").Says("artifacts/file/below");
        var report = await CollectAsync();
        report.Refused.Count.ShouldBe(3);
        (await File.ReadAllTextAsync(Path.Combine(Outside, "secret"), cancel)).ShouldBe("untouched");
        Directory.GetFiles(Outside).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_folder_of_the_host_is_not_replaced_by_a_file()
    {
        Directory.CreateDirectory(Path.Combine(Project, "bin", "x", "y"));
        guest.Says("bin/x").Says("bin/good");
        (await CollectAsync()).Refused.ShouldHaveSingleItem().Reason.ShouldBe("the host has a folder of that name");
        Directory.Exists(Path.Combine(Project, "bin", "x", "y")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_path_named_twice_counts_once()
    {
        guest.Says("bin/a").Says("bin/a", size: 5).Says("bin/a", 'l', link: "b");
        var report = await CollectAsync();
        report.Imported.ShouldBe(1);
        report.Refused.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Obj_and_the_shims_folder_are_not_even_told()
    {
        guest.Says("src/obj/project.nuget.g.targets").Says(".machine/sdk/dotnet.dll").Says("OBJ/x").Says("obj", 'w').Says("bin/obj/x");
        (await CollectAsync()).All.ShouldBeEmpty();
        Files().ShouldBe(["outside/secret"]);
    }

    [Fact]
    public async Task On_a_host_that_folds_case_twins_are_refused()
    {
        HostTree Folding(string root) => OperatingSystem.IsWindows() ? new PortableHostTree(root) { FoldsCase = true } : new UnixHostTree(root) { FoldsCase = true };
        await File.WriteAllTextAsync(Path.Combine(Project, "Readme"), "host", cancel);
        guest.Says("bin/a").Says("bin/A").Says("artifacts/x/1").Says("artifacts/X/2").Says("README").Says("bin/good");
        var report = await CollectAsync(tree: Folding);
        report.Refused.Select(c => c.Path).Order(StringComparer.Ordinal).ShouldBe(["README", "artifacts/X/2", "artifacts/x/1", "bin/A", "bin/a"]);
        Files().ShouldBe(["outside/secret", "project/Readme", "project/bin/good"]);
    }

    [Fact]
    public async Task A_terabyte_is_refused_by_its_size()
    {
        guest.Says("bin/huge", size: 1L << 40).Says("bin/good");
        var report = await CollectAsync();
        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain("larger than a file may be");
        report.Imported.ShouldBe(1);
    }

    [Fact]
    public async Task Of_a_hundred_thousand_files_the_folder_that_is_too_much_is_refused_in_one_line()
    {
        for (var i = 0; i < 100_000; i++)
        {
            guest.Says($"artifacts/many/{i % 300}/{i}", size: 0);
        }

        guest.Says("bin/good");
        var report = await CollectAsync();
        report.Imported.ShouldBe(1);
        var refused = report.Refused.ShouldHaveSingleItem();
        refused.Path.ShouldBe("artifacts/many/");
        refused.Reason!.ShouldContain("100000 files");
        Files().ShouldBe(["outside/secret", "project/bin/good"]);
    }

    [Fact]
    public async Task A_hundred_thousand_devices_are_one_line()
    {
        for (var i = 0; i < 100_000; i++)
        {
            guest.Says($"bin/{i}", 'b');
        }

        (await CollectAsync()).Refused.ShouldHaveSingleItem().Reason.ShouldBe("100000 entries: a device");
    }

    [Fact]
    public async Task The_folder_that_weighs_most_is_left_out_and_the_rest_comes()
    {
        guest.Says("bin/a/1", size: 60).Says("bin/a/2", size: 60).Says("bin/b/1", size: 50).Says("bin/c/1", size: 40);
        var report = await CollectAsync(new ImportLimits(FileBytes: 100, TotalBytes: 100, Files: 100));
        report.Refused.ShouldHaveSingleItem().Path.ShouldBe("bin/a/");
        report.ImportedBytes.ShouldBe(90);
    }

    [Theory]
    [InlineData("more than announced")]
    [InlineData("another path")]
    [InlineData("ends early")]
    [InlineData("huge chunk")]
    [InlineData("endless")]
    public async Task A_broken_transfer_leaves_nothing_half_written(string lie)
    {
        guest.Says("bin/a").Says("bin/b").Says("bin/c");
        guest.Pack = requests =>
        {
            var answer = new MemoryStream();
            LyingGuest.Frame(answer, requests[0].Path, 3);
            switch (lie)
            {
                case "more than announced":
                    LyingGuest.Frame(answer, requests[1].Path, 4);
                    break;
                case "another path":
                    LyingGuest.Frame(answer, LyingGuest.Bytes("bin/../../outside/secret"), 3);
                    break;
                case "ends early":
                    answer.Write([.. requests[1].Path, 0, 0, 0, 0, 3, (byte)'x']);
                    break;
                case "huge chunk":
                    answer.Write([.. requests[1].Path, 0, 0xff, 0xff, 0xff, 0xff]);
                    break;
                default:
                    return new EndlessStream([.. answer.ToArray(), .. requests[1].Path, 0], [0, 0, 0, 1, (byte)'x']);
            }

            answer.Position = 0;
            return answer;
        };
        var report = await CollectAsync();
        report.Imported.ShouldBe(1);
        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain("2 files were not brought");
        Files().ShouldBe(["outside/secret", "project/bin/a"]);
    }

    [Fact]
    public async Task A_file_that_changed_while_it_was_read_comes_the_next_time()
    {
        guest.Says("bin/a").Says("bin/b");
        guest.Pack = requests =>
        {
            var answer = new MemoryStream();
            LyingGuest.Frame(answer, requests[0].Path, 2, 'c');
            LyingGuest.Frame(answer, requests[1].Path, 3);
            answer.Position = 0;
            return answer;
        };
        var report = await CollectAsync();
        report.Imported.ShouldBe(1);
        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain("changed while it was read");
        Files().ShouldBe(["outside/secret", "project/bin/b"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("machine-changes-1\0short\01\0end\0")]
    [InlineData("machine-changes-1\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\01\0f\0-1\0644\01.0\01.0\0\0bin/a\0end\0")]
    [InlineData("machine-changes-1\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\01\0f\01\0999\01.0\01.0\0\0bin/a\0end\0")]
    [InlineData("machine-changes-1\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\01\0f\01\0644\0x\01.0\0\0bin/a\0end\0")]
    [InlineData("machine-changes-1\0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\01\0f\01\0644\01.0\01.0\0\0bin/a\0")]
    public async Task A_list_that_is_none_brings_nothing(string list)
    {
        guest.List = () => new MemoryStream(LyingGuest.Bytes(list));
        (await Should.ThrowAsync<MachineException>(() => CollectAsync())).Message.ShouldStartWith("nothing was brought");
        Files().ShouldBe(["outside/secret"]);
    }

    [Theory]
    [InlineData("f\03\0644\01.0\01.0\0\0bin/a\0")]
    [InlineData("f")]
    public async Task An_endless_list_ends(string repeated)
    {
        guest.List = () => new EndlessStream(LyingGuest.Bytes($"machine-changes-1\0{new string('a', 32)}\01\0"), LyingGuest.Bytes(repeated));
        (await Should.ThrowAsync<MachineException>(() => CollectAsync())).Message.ShouldStartWith("nothing was brought");
    }

    [Fact]
    public async Task A_time_in_the_far_future_becomes_now()
    {
        guest.List = () => new MemoryStream(LyingGuest.Bytes($"machine-changes-1\0{new string('a', 32)}\01\0f\03\0644\099999999999.0\01.0\0\0bin/a\0end\0"));
        await CollectAsync();
        File.GetLastWriteTimeUtc(Path.Combine(Project, "bin/a")).ShouldBeLessThanOrEqualTo(DateTime.UtcNow);
    }

    [Fact]
    public void No_tainted_record_ever_writes_outside_the_project()
    {
        string[] names = ["..", ".", "", "bin", "artifacts", "escape", "sub", "a", "A", ".git", "hooks", "obj", "nul", "x\ny", "..\\..", "outside", "secret", "bin ", "C:", "/", "~", ".machine-import.tmp"];
        var path = Gen.Elements(names).ListOf().Resize(5).Select(list => string.Join('/', list));
        var record = from p in path
                     from type in Gen.Elements('f', 'f', 'l', 'd', 'w', 'p', 'c')
                     from link in path
                     from mode in Gen.Elements("644", "755", "4755")
                     select (Path: p, Type: type, Link: link, Mode: mode);
        File.CreateSymbolicLink(Path.Combine(Project, "escape"), Outside);
        Property.Holds(Prop.ForAll(record.ListOf().Resize(25).ToArbitrary(), records =>
        {
            var liar = new LyingGuest();
            foreach (var (p, type, link, mode) in records)
            {
                liar.Says(p, type, mode: mode, link: link);
            }

            var workspace = Workspace(liar);
            var start = workspace.PrepareAsync(cancel).GetAwaiter().GetResult();
            var report = workspace.CollectAsync(start, cancel).GetAwaiter().GetResult();
            workspace.ApplyAsync([], overwrite: true, cancel).GetAwaiter().GetResult();
            var whole = Directory.GetFileSystemEntries(Outside).Length == 1
                && File.ReadAllText(Path.Combine(Outside, "secret")) == "untouched"
                && Directory.GetFileSystemEntries(folder).All(e => Path.GetFileName(e) is "project" or "outside" or "state")
                && !Entries(Project).Any(entry => entry.EndsWith(".tmp", StringComparison.Ordinal))
                && !Path.Exists(Path.Combine(Project, ".git")) && !Path.Exists(Path.Combine(Project, "obj"))
                && Links(Project).All(l => Path.GetFileName(l) == "escape" || Inside(l));
            return whole && report is not null;
        }), 150);
    }

    // Links are entries, and not walked through: one that leads to a folder above it has no end.
    private static System.IO.Enumeration.FileSystemEnumerable<string> Entries(string at) =>
        new(at, (ref entry) => entry.ToFullPath(), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        {
            ShouldRecursePredicate = (ref entry) => entry.IsDirectory && (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };

    private static IEnumerable<string> Links(string at) => Entries(at).Where(entry => new FileInfo(entry).LinkTarget is not null);

    private bool Inside(string link) => (ProjectRoot.RealPath(link) + "/").StartsWith(ProjectRoot.RealPath(Project) + "/", StringComparison.Ordinal);
}
