using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;

namespace Machine.Tool.Tests.Images;

public sealed class TemplateStoreTests : IDisposable
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    private readonly ImagesFolder home = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private TemplateStore Store => new(home.Paths);

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task What_was_committed_is_found()
    {
        await AddAsync(Key);
        Store.Find(Key, out var broken)!.Frozen.MemoryFile.ShouldBe(Path.Combine(home.Paths.Templates, Key, "memory"));
        broken.ShouldBeNull();
        Store.Find("ff", out broken).ShouldBeNull();
        broken.ShouldBeNull();
    }

    [Theory]
    [InlineData("memory", "cut")]
    [InlineData("memory", "written")]
    [InlineData("memory", "gone")]
    [InlineData("state", "same length")]
    [InlineData("root.qcow2", "written")]
    [InlineData("template.json", "cut")]
    public async Task What_is_not_as_it_was_frozen_is_no_template(string file, string how)
    {
        await AddAsync(Key);
        var path = Path.Combine(home.Paths.Templates, Key, file);
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        var written = File.GetLastWriteTimeUtc(path);
        switch (how)
        {
            case "cut":
                await File.WriteAllBytesAsync(path, bytes[..^1], Cancel);
                File.SetLastWriteTimeUtc(path, written);
                break;
            case "same length":
                bytes[0] ^= 1;
                await File.WriteAllBytesAsync(path, bytes, Cancel);
                File.SetLastWriteTimeUtc(path, written);
                break;
            case "written":
                File.SetLastWriteTimeUtc(path, written.AddSeconds(1));
                break;
            default:
                File.Delete(path);
                break;
        }

        Store.Find(Key, out var broken).ShouldBeNull();
        broken.ShouldNotBeNullOrEmpty();
        Store.TryRemove(Key).ShouldBeTrue();
        Directory.Exists(Path.Combine(home.Paths.Templates, Key)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_template_that_a_machine_stands_on_stays()
    {
        await AddAsync(Key);
        home.Machine("/src/shop", record => record with { TemplateKey = Key });
        Store.TryRemove(Key).ShouldBeFalse();
        Store.Find(Key, out _).ShouldNotBeNull();
        home.Machine("/src/shop", record => record with { TemplateKey = null });
        Store.TryRemove(Key).ShouldBeTrue();
    }

    [Fact]
    public async Task A_broken_template_is_not_replaced_while_a_machine_stands_on_its_disk()
    {
        await AddAsync(Key);
        var disk = Path.Combine(home.Paths.Templates, Key, "root.qcow2");
        await File.WriteAllTextAsync(disk, "what the machine stands on", Cancel);
        var machine = home.Machine("/src/shop", record => record with { TemplateKey = Key });

        (await Should.ThrowAsync<MachineException>(() => AddAsync(Key))).Message.ShouldContain(machine);
        (await File.ReadAllTextAsync(disk, Cancel)).ShouldBe("what the machine stands on");

        home.Machine("/src/shop", record => record with { TemplateKey = null });
        await AddAsync(Key);
        Store.Find(Key, out _).ShouldNotBeNull();
    }

    [Fact]
    public async Task What_was_disowned_is_no_template_but_keeps_its_disk()
    {
        await AddAsync(Key);
        Store.Disown(Key);
        Store.Find(Key, out var broken).ShouldBeNull();
        broken.ShouldNotBeNullOrEmpty();
        File.Exists(Path.Combine(home.Paths.Templates, Key, "root.qcow2")).ShouldBeTrue();
        Store.Disown("gone");
    }

    [Fact]
    public async Task Prune_keeps_what_was_used_last_and_drops_what_has_no_image()
    {
        foreach (var (number, name) in new[] { "aa", "bb", "cc" }.Index())
        {
            await AddAsync(name);
            File.SetLastWriteTimeUtc(Path.Combine(home.Paths.Templates, name, "last-used"), DateTime.UtcNow.AddDays(number - 10));
        }

        await AddAsync("dd", image: new string('9', 32));
        MachinePaths.CreatePrivate(Path.Combine(home.Paths.Templates, ".build-ee-123"));
        (await Store.PruneAsync(3)).Select(template => template.Key).Order(StringComparer.Ordinal).ShouldBe(["aa", "dd"]);
        Store.List().Select(template => template.Key).ShouldBe(["bb", "cc"]);
        Directory.EnumerateDirectories(home.Paths.Templates, ".build-*").ShouldBeEmpty();
    }

    private async Task AddAsync(string key, string? image = null)
    {
        if (image is null)
        {
            image = new string('1', 32);
            if (new ImageStore(home.Paths).Find(image) is null)
            {
                await home.CommitAsync(image);
            }
        }

        await home.CommitTemplateAsync(key, image);
    }
}
