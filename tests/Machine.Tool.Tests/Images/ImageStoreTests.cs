using System.Diagnostics;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;
using NSubstitute;

namespace Machine.Tool.Tests.Images;

public sealed class ImageStoreTests : IDisposable
{
    private const string Hash = "0123456789abcdef0123456789abcdef";
    private const string Other = "0123ffffffffffffffffffffffffffff";

    private readonly ImagesFolder home = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ImageStore Store => new(home.Paths);

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_committed_image_is_found_with_what_boots_it_and_nothing_of_its_build_remains()
    {
        await home.CommitAsync(Hash, ImagesFolder.Request("git"));

        var image = Store.Find(Hash).ShouldNotBeNull();
        image.Boot.Kernel.ShouldBe(Path.Combine(home.Paths.Images, Hash, "kernel"));
        File.Exists(image.Boot.Disk.Path).ShouldBeTrue();
        image.Boot.KernelArguments.ShouldBe(ImageRecipe.KernelArguments);
        image.Request.Packages.ShouldBe(["git"]);
        image.SizeBytes.ShouldBeGreaterThan(0);
        Directory.GetFileSystemEntries(Path.Combine(home.Paths.Images, Hash)).Select(Path.GetFileName)
            .ShouldBe(["image.json", "initrd", "kernel", "last-used", "root.raw"], ignoreOrder: true);
    }

    [Fact]
    public async Task The_files_of_an_image_are_read_only()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("modes are Unix'");
            return;
        }

        var image = await home.CommitAsync(Hash);

        foreach (var file in new[] { image.Boot.Disk.Path, image.Boot.Kernel!, image.Boot.Initrd! })
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    [Fact]
    public async Task A_build_that_is_not_committed_leaves_nothing()
    {
        await using (var build = await BuildFolder.BeginAsync(home.Paths.Images, Hash, SilentProgress.Instance, Cancel))
        {
            await File.WriteAllTextAsync(Path.Combine(build.Path, "root.raw"), "half", Cancel);
            Store.List().ShouldBeEmpty();
        }

        Directory.GetDirectories(home.Paths.Images).Select(Path.GetFileName).ShouldBe([".locks"]);
    }

    [Fact]
    public async Task The_next_build_sweeps_what_a_killed_one_left()
    {
        home.Write($"images/.build-{Hash}-dead/root/etc/passwd");
        home.Write($"images/.build-{Hash}-dead/root.raw", "half");

        await using var build = await BuildFolder.BeginAsync(home.Paths.Images, Hash, SilentProgress.Instance, Cancel);

        Directory.GetDirectories(home.Paths.Images, ".build-*").ShouldBe([build.Path]);
    }

    [Fact]
    public async Task Prune_sweeps_dead_builds_and_leaves_living_ones()
    {
        home.Write($"images/.build-{Other}-dead/root.raw", "half");
        await using var living = await BuildFolder.BeginAsync(home.Paths.Images, Hash, SilentProgress.Instance, Cancel);

        await Store.PruneAsync(TimeSpan.Zero, Cancel);

        Directory.GetDirectories(home.Paths.Images, ".build-*").ShouldBe([living.Path]);
    }

    [Fact]
    public async Task What_a_killed_build_left_running_is_ended_with_its_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "processes are found in /proc");
        var file = home.Write($"images/.build-{Hash}-dead/wait.sh", "echo waiting; read forever");
        var start = new ProcessStartInfo("sh", [file]) { RedirectStandardOutput = true, RedirectStandardInput = true, UseShellExecute = false };
        using var orphan = Process.Start(start)!;
        (await orphan.StandardOutput.ReadLineAsync(Cancel)).ShouldBe("waiting");

        await using var build = await BuildFolder.BeginAsync(home.Paths.Images, Hash, SilentProgress.Instance, Cancel);

        await orphan.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        File.Exists(file).ShouldBeFalse();
    }

    [Fact]
    public async Task A_second_build_of_the_same_image_waits_for_the_first_and_says_so()
    {
        var progress = new RecordedProgress();
        var first = await BuildFolder.BeginAsync(home.Paths.Images, Hash, SilentProgress.Instance, Cancel);
        var second = BuildFolder.BeginAsync(home.Paths.Images, Hash, progress, Cancel);
        progress.Notes.ShouldNotBeEmpty();
        second.IsCompleted.ShouldBeFalse();

        await first.DisposeAsync();

        await using var build = await second.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Directory.Exists(build.Path).ShouldBeTrue();
    }

    [Fact]
    public async Task A_folder_without_a_readable_description_is_no_image_and_makes_room_for_one()
    {
        home.Write($"images/{Hash}/image.json", "{ \"format\": 1, \"hash\":");
        home.Write($"images/{Hash}/root.raw", "old");
        Store.Find(Hash).ShouldBeNull();

        var image = await home.CommitAsync(Hash);

        (await File.ReadAllTextAsync(image.Boot.Disk.Path, Cancel)).ShouldBe("root.raw");
    }

    [Fact]
    public async Task A_description_of_another_image_does_not_count()
    {
        await home.CommitAsync(Hash);
        Directory.Move(Path.Combine(home.Paths.Images, Hash), Path.Combine(home.Paths.Images, Other));

        Store.List().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_beginning_of_a_hash_names_an_image_unless_it_names_two()
    {
        await home.CommitAsync(Hash);
        await home.CommitAsync(Other);

        Store.Find("01234").ShouldNotBeNull().Hash.ShouldBe(Hash);
        Store.Find("ffff").ShouldBeNull();
        Store.Find("../images/" + Hash).ShouldBeNull();
        Should.Throw<MachineException>(() => Store.Find("0123")).Message.ShouldContain("2 images");
    }

    [Fact]
    public async Task An_image_that_a_machine_uses_is_not_removed()
    {
        await home.CommitAsync(Hash);
        var machine = home.Machine("/src/shop", record => record with { ImageHash = Hash });

        var refusal = await Should.ThrowAsync<MachineException>(() => Store.RemoveAsync(Hash, Cancel));

        refusal.Message.ShouldContain(machine);
        Store.Find(Hash).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("""{ "imageHash": "HASH", "ofALaterVersion": 1 }""")]
    [InlineData("""{ "imageHash": "HASH" }""")]
    [InlineData("""[ "HASH", """)]
    public async Task An_image_that_a_record_speaks_of_which_cannot_be_read_is_not_removed(string record)
    {
        await home.CommitAsync(Hash);
        home.Write("machines/shop-12345678/machine.json", record.Replace("HASH", Hash, StringComparison.Ordinal));

        (await Should.ThrowAsync<MachineException>(() => Store.RemoveAsync(Hash, Cancel))).Message.ShouldContain("shop-12345678");
    }

    [Fact]
    public async Task An_image_that_no_machine_uses_is_removed_with_its_files()
    {
        await home.CommitAsync(Hash);
        home.Machine("/src/shop", record => record with { ImageHash = Other });
        home.Write("machines/empty-87654321/machine.json");

        await Store.RemoveAsync(Hash[..8], Cancel);

        Store.List().ShouldBeEmpty();
        Directory.GetDirectories(home.Paths.Images).Select(Path.GetFileName).ShouldBe([".locks"]);
        (await Should.ThrowAsync<MachineException>(() => Store.RemoveAsync(Hash, Cancel))).Message.ShouldContain("no image");
    }

    [Fact]
    public async Task Prune_removes_only_what_is_old_and_unused()
    {
        await home.CommitAsync(Hash);
        await home.CommitAsync(Other);
        const string used = "aaaaffffffffffffffffffffffffffff";
        await home.CommitAsync(used);
        home.Write("machines/broken-12345678/machine.json", $"{{ not json but {used}");
        foreach (var old in new[] { Hash, used })
        {
            File.SetLastWriteTimeUtc(Path.Combine(home.Paths.Images, old, "last-used"), DateTime.UtcNow.AddDays(-31));
        }

        var removed = await Store.PruneAsync(TimeSpan.FromDays(30), Cancel);

        removed.Select(image => image.Hash).ShouldBe([Hash]);
        Store.List().Select(image => image.Hash).ShouldBe([Other, used], ignoreOrder: true);
    }

    [Fact]
    public async Task Prune_leaves_an_image_that_is_being_built_again()
    {
        await home.CommitAsync(Hash);
        await using var building = await BuildFolder.BeginAsync(home.Paths.Images, Hash, SilentProgress.Instance, Cancel);

        (await Store.PruneAsync(TimeSpan.Zero, Cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Touching_an_image_moves_its_last_use_and_nothing_else()
    {
        var before = await home.CommitAsync(Hash);
        File.SetLastWriteTimeUtc(Path.Combine(home.Paths.Images, Hash, "last-used"), DateTime.UtcNow.AddDays(-31));

        Store.Touch(Hash);

        var after = Store.Find(Hash)!;
        (DateTimeOffset.UtcNow - after.LastUsed).ShouldBeLessThan(TimeSpan.FromMinutes(1));
        after.Created.ShouldBe(before.Created);
    }

    [Fact]
    public async Task An_image_that_is_there_is_used_without_building_anything()
    {
        var request = ImagesFolder.Request();
        var builder = new ImageBuilder(home.Paths, Substitute.For<IDiskEngine>());
        await home.CommitAsync(builder.HashOf(request), request);

        var image = await builder.EnsureAsync(request, [], SilentProgress.Instance, Cancel);

        image.Hash.ShouldBe(builder.HashOf(request));
    }
}
