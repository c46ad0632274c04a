using Machine.Tool.Hosting;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Tests.Workspaces;

/// <summary>Both ways of writing keep the same promises.</summary>
public sealed class HostTreeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-tree-").FullName;

    public static TheoryData<bool> Both => OperatingSystem.IsWindows() ? [true] : [false, true];

    private string Root => Directory.CreateDirectory(Path.Combine(folder, "root")).FullName;

    private string Outside => Directory.CreateDirectory(Path.Combine(folder, "outside")).FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private HostTree Open(bool portable) => portable ? new PortableHostTree(Root) : HostTree.Open(Root);

    private static Task WriteAsync(HostTree tree, string path, string content = "x", bool executable = false) =>
        tree.WriteFileAsync(path, executable, DateTimeOffset.UnixEpoch.AddYears(40), durable: false, s => s.WriteAsync(LyingGuest.Bytes(content)).AsTask());

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
        var stat = tree.Stat("a/b/c");
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
        tree.Stat("folder/secret").Kind.ShouldBe(HostKind.Blocked);
        tree.Stat("file").Kind.ShouldBe(HostKind.Link);
        Should.Throw<HostRefusalException>(() => tree.OpenRead("folder/secret"));
        Should.Throw<HostRefusalException>(() => tree.OpenRead("file"));
        await Should.ThrowAsync<HostRefusalException>(() => WriteAsync(tree, "folder/secret"));
        await Should.ThrowAsync<HostRefusalException>(() => WriteAsync(tree, "folder/new/file"));
        Should.Throw<HostRefusalException>(() => tree.WriteLink("folder/link", "x"));
        Should.Throw<HostRefusalException>(() => tree.DeleteFile("folder/secret"));
        tree.TryDeleteFolder("folder").ShouldBeFalse();
        tree.ReadLink("folder/secret").ShouldBeNull();
        tree.Enumerate("folder", 10).Files.ShouldBeEmpty();
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
        await Should.ThrowAsync<HostRefusalException>(() => tree.WriteFileAsync("a", false, DateTimeOffset.UtcNow, false, async s =>
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
        await File.WriteAllTextAsync(Path.Combine(Root, TaintedPath.TemporaryName), "half", TestContext.Current.CancellationToken);
        using var tree = Open(portable);
        await WriteAsync(tree, "a");
        Directory.GetFileSystemEntries(Root).Length.ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public void A_callers_climbing_path_is_a_bug_not_a_write(bool portable)
    {
        using var tree = Open(portable);
        Should.Throw<InvalidOperationException>(() => tree.Stat("../outside/x"));
        Should.Throw<InvalidOperationException>(() => tree.DeleteFile("a/../../outside/x"));
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
