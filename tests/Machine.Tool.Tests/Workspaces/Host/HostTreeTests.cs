using System.Reflection;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Tests.Workspaces.Host;

/// <summary>Both ways of writing keep the same promises.</summary>
public sealed class HostTreeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-tree-").FullName;

    public static TheoryData<bool> Both => OperatingSystem.IsWindows() ? [true] : [false, true];

    private string Root => Directory.CreateDirectory(Path.Combine(folder, "root")).FullName;

    private string Outside => Directory.CreateDirectory(Path.Combine(folder, "outside")).FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private HostTree Open(bool portable) => portable ? new PortableHostTree(Root) : HostTree.Open(Root);

    private static ProjectPath At(string path) => ProjectPath.From(path)!;

    private static Task WriteAsync(HostTree tree, string path, string content = "x", bool executable = false) =>
        tree.WriteFileAsync(At(path), executable, DateTimeOffset.UnixEpoch.AddYears(40), durable: false, s => s.WriteAsync(LyingGuest.Bytes(content)).AsTask());

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_file_is_written_whole_with_its_time_and_bit(bool portable)
    {
        using var tree = Open(portable);
        await WriteAsync(tree, "a/b/c", "old");
        await WriteAsync(tree, "a/b/c", "new", executable: true);
        (await File.ReadAllTextAsync(Path.Combine(Root, "a/b/c"), TestContext.Current.CancellationToken)).ShouldBe("new");
        File.GetLastWriteTimeUtc(Path.Combine(Root, "a/b/c")).Year.ShouldBe(2010);
        Directory.GetFiles(Path.Combine(Root, "a/b")).Length.ShouldBe(1);
        var stat = tree.Stat(At("a/b/c"));
        stat.Kind.ShouldBe(HostKind.File);
        stat.SizeBytes.ShouldBe(3);
        stat.Executable.ShouldBe(!OperatingSystem.IsWindows());
        stat.ModifiedNs.ShouldBe((DateTimeOffset.UnixEpoch.AddYears(40) - DateTimeOffset.UnixEpoch).Ticks * 100);
        (stat.ChangedNs - stat.ModifiedNs).ShouldBeGreaterThanOrEqualTo(portable ? 0 : 1);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task No_link_is_followed_by_any_call(bool portable)
    {
        await File.WriteAllTextAsync(Path.Combine(Outside, "secret"), "1", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(Root, "folder"), Outside);
        File.CreateSymbolicLink(Path.Combine(Root, "file"), Path.Combine(Outside, "secret"));
        using var tree = Open(portable);
        tree.Stat(At("folder/secret")).Kind.ShouldBe(HostKind.Blocked);
        tree.Stat(At("file")).Kind.ShouldBe(HostKind.Link);
        Should.Throw<HostRefusalException>(() => tree.OpenRead(At("folder/secret")));
        Should.Throw<HostRefusalException>(() => tree.OpenRead(At("file")));
        await Should.ThrowAsync<HostRefusalException>(() => WriteAsync(tree, "folder/secret"));
        await Should.ThrowAsync<HostRefusalException>(() => WriteAsync(tree, "folder/new/file"));
        Should.Throw<HostRefusalException>(() => tree.WriteLink(At("folder/link"), "x"));
        Should.Throw<HostRefusalException>(() => tree.DeleteFile(At("folder/secret")));
        tree.TryDeleteFolder(At("folder")).ShouldBeFalse();
        tree.ReadLink(At("folder/secret")).ShouldBeNull();
        tree.Enumerate(At("folder"), 10).Files.ShouldBeEmpty();
        await WriteAsync(tree, "file", "replaces the link itself");
        Directory.GetFiles(Outside).Length.ShouldBe(1);
        (await File.ReadAllTextAsync(Path.Combine(Outside, "secret"), TestContext.Current.CancellationToken)).ShouldBe("1");
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_failed_write_leaves_the_old_file_and_no_other(bool portable)
    {
        using var tree = Open(portable);
        await WriteAsync(tree, "a", "old");
        await Should.ThrowAsync<HostRefusalException>(() => tree.WriteFileAsync(At("a"), false, DateTimeOffset.UtcNow, false, async s =>
        {
            await s.WriteAsync(LyingGuest.Bytes("half"));
            throw new HostRefusalException("stopped");
        }));
        (await File.ReadAllTextAsync(Path.Combine(Root, "a"), TestContext.Current.CancellationToken)).ShouldBe("old");
        Directory.GetFileSystemEntries(Root).Length.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task What_a_killed_import_left_is_cleared_by_the_next(bool portable)
    {
        await File.WriteAllTextAsync(Path.Combine(Root, ProjectPath.TemporaryName), "half", TestContext.Current.CancellationToken);
        using var tree = Open(portable);
        await WriteAsync(tree, "a");
        Directory.GetFileSystemEntries(Root).Length.ShouldBe(1);
    }

    [Fact]
    public void No_call_takes_a_path_that_was_not_parsed()
    {
        typeof(ProjectPath).GetConstructors().ShouldBeEmpty();
        typeof(HostTree).GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly).SelectMany(method => method.GetParameters())
            .Where(parameter => parameter.ParameterType == typeof(string)).Select(parameter => $"{parameter.Member.Name} {parameter.Name}").ShouldBe(["WriteLink target"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("../outside/x")]
    [InlineData("a/../../outside/x")]
    [InlineData("a//b")]
    [InlineData("a/.")]
    public void What_leads_out_or_nowhere_is_no_path(string text) => ProjectPath.From(text).ShouldBeNull();

    [Fact]
    public void A_path_knows_its_folders()
    {
        At("a/b/c").Way.Select(path => path.Text).ShouldBe(["a", "a/b", "a/b/c"]);
        (At("a/b/c").Folder, At("a/b/c").Name, At("a").Folder).ShouldBe((At("a/b"), "c", null));
        (At("a/b").IsBelow(At("a")), At("a/b").IsBelow(At("a/b")), At("ab/c").IsBelow(At("a"))).ShouldBe((true, false, false));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_folder_is_listed_with_the_hosts_own_names(bool portable)
    {
        using var tree = Open(portable);
        await WriteAsync(tree, "a/b/c");
        await File.WriteAllTextAsync(Path.Combine(Root, "a/aux.txt"), "no guest may have such a name", TestContext.Current.CancellationToken);
        var (files, folders) = tree.Enumerate(At("a"), 10);
        files.Select(path => path.Text).Order(StringComparer.Ordinal).ShouldBe(["a/aux.txt", "a/b/c"]);
        folders.ShouldBe([At("a/b"), At("a")]);
        files.ForEach(tree.DeleteFile);
        folders.ShouldAllBe(folder => tree.TryDeleteFolder(folder));
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Case_is_probed_without_leaving_a_trace(bool portable)
    {
        using var tree = Open(portable);
        var folds = tree.FoldsCase;
        Directory.GetFileSystemEntries(Root).ShouldBeEmpty();
        await WriteAsync(tree, "abc");
        using var again = Open(portable);
        again.FoldsCase.ShouldBe(folds);
        File.Exists(Path.Combine(Root, "ABC")).ShouldBe(folds);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_full_disk_is_said_and_nothing_is_half_written(bool portable)
    {
        OverlayFixture.SkipUnlessRoot();
        await HostProgram.RunAsync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", Root], TestContext.Current.CancellationToken);
        try
        {
            using (var tree = Open(portable))
            {
                var e = await Should.ThrowAsync<MachineException>(() => WriteAsync(tree, "big", new string('x', 1 << 20)));
                e.Message.ShouldContain("the disk is full");
            }

            Directory.GetFileSystemEntries(Root).ShouldBeEmpty();
        }
        finally
        {
            await HostProgram.RunAsync("umount", [Root], CancellationToken.None);
        }
    }
}
