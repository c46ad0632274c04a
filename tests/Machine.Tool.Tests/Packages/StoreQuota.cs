using Machine.Tool.Packages;

namespace Machine.Tool.Tests.Packages;

public sealed class StoreQuota : IDisposable
{
    private const string Source = "source";
    private const int Size = 100_000;

    private readonly TestFolder folder = new();
    private readonly PackageStore store;

    public StoreQuota() => store = new PackageStore(folder.Path, new TestLog(), most: 5 * Size);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_not_used_for_the_longest_time_goes_and_what_is_in_use_stays()
    {
        var packages = new List<StoredPackage>();
        for (var i = 0; i < 10; i++)
        {
            packages.Add(await AddAsync(i));
            File.SetLastWriteTimeUtc(ContentOf(packages[i]), DateTime.UtcNow.AddDays(-10 + i));
        }

        await using var used = (await store.OpenAsync(packages[0], Cancel))!;
        store.Trim();

        packages.Select(store.Holds).ShouldBe([true, false, false, false, false, false, false, true, true, true]);
        store.Versions(Source, "p").Order().ShouldBe(["1.0.0", "1.0.7", "1.0.8", "1.0.9"]);
        used.Length.ShouldBe(Size);
    }

    [Fact]
    public async Task What_is_deleted_while_it_is_read_is_read_to_its_end()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there an open file is not deleted");
        var packages = await Task.WhenAll(Enumerable.Range(0, 10).Select(AddAsync));
        await using var open = (await store.OpenAsync(packages[0], Cancel))!;
        Array.ForEach(packages, package => File.SetLastWriteTimeUtc(ContentOf(package), DateTime.UtcNow.AddDays(-1)));

        store.Trim();

        packages.Count(store.Holds).ShouldBe(4);
        using var bytes = new MemoryStream();
        await open.CopyToAsync(bytes, Cancel);
        bytes.Length.ShouldBe(Size);
    }

    [Fact]
    public async Task What_fits_is_left_alone()
    {
        var packages = await Task.WhenAll(Enumerable.Range(0, 5).Select(AddAsync));
        Array.ForEach(packages, package => File.SetLastWriteTimeUtc(ContentOf(package), DateTime.UtcNow.AddYears(-1)));
        store.Trim();
        packages.ShouldAllBe(package => store.Holds(package));
    }

    private string ContentOf(StoredPackage package) => folder[$"sha512/{package.Hash[..2]}/{package.Hash}.nupkg"];

    private async Task<StoredPackage> AddAsync(int i)
    {
        var file = store.NewTemporaryFile();
        var bytes = new byte[Size];
        new Random(i).NextBytes(bytes);
        await File.WriteAllBytesAsync(file, bytes, Cancel);
        return await store.AddAsync(file, Source, "name", "p", $"1.0.{i}", new PackageVerdict("p", "unsigned", "policy"), Cancel);
    }
}
