using System.Formats.Tar;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Tests.Images;

/// <summary>An image that left one host as a file is the same image on another, or none.</summary>
public sealed class ImageArchiveTests : IDisposable
{
    private static readonly ImageRequest Request = ImagesFolder.Request("git");
    private static readonly string Hash = ImageHash.Of(ImagesFolder.Inputs(Request));

    private readonly ImagesFolder here = new();
    private readonly ImagesFolder there = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Archive => Path.Combine(here.Home, "image.tar");

    public void Dispose()
    {
        here.Dispose();
        there.Dispose();
    }

    [Fact]
    public async Task It_arrives_with_its_files_its_request_and_its_name()
    {
        await ExportAsync();

        var image = await ImportAsync();

        image.Hash.ShouldBe(Hash);
        image.Request.Packages.ShouldBe(["git"]);
        File.ReadAllText(image.Boot.Kernel!).ShouldBe("kernel");
        File.ReadAllText(image.Boot.Disk.Path).ShouldBe("root.raw");
        new ImageStore(there.Paths).List().Count.ShouldBe(1);
        (await ImportAsync()).Created.ShouldBe(image.Created, "it is there already and stays");
    }

    // 20 GiB took a minute and a half to read.
    [Fact]
    public async Task The_holes_of_a_disk_are_neither_read_nor_written()
    {
        var folder = Path.GetDirectoryName((await here.CommitAsync(Hash, Request, ImagesFolder.Inputs(Request))).Boot.Disk.Path)!;
        await using (var disk = File.OpenWrite(Path.Combine(folder, "root.raw")))
        {
            disk.SetLength(200L << 30);
            disk.Position = 100L << 30;
            disk.Write("in the middle"u8);
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        await ExportAsync();
        var image = await ImportAsync();

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
        new FileInfo(Archive).Length.ShouldBeLessThan(1 << 20);
        await using var copy = File.OpenRead(image.Boot.Disk.Path);
        copy.Length.ShouldBe(200L << 30);
        copy.Position = 100L << 30;
        var middle = new byte[13];
        await copy.ReadExactlyAsync(middle, Cancel);
        middle.ShouldBe("in the middle"u8.ToArray());
        image.SizeBytes.ShouldBeLessThan(1 << 20);
    }

    [Fact]
    public async Task A_damaged_file_is_refused_and_leaves_nothing()
    {
        await ExportAsync();
        await RewriteAsync(entry => entry.Name == "root.raw" ? new MemoryStream("root.RAW"u8.ToArray()) : null);

        (await Should.ThrowAsync<MachineException>(ImportAsync)).Message.ShouldContain("root.raw is not what its manifest says");

        new ImageStore(there.Paths).List().ShouldBeEmpty();
        Directory.GetDirectories(there.Paths.Images, ".build-*").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_manifest_cannot_name_files_elsewhere()
    {
        await ExportAsync();
        await RewriteAsync(entry =>
        {
            var reader = new StreamReader(entry.DataStream!);
            var text = reader.ReadToEnd();
            return entry.Name == "export.json" ? new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text.Replace("\"kernel\": \"kernel\"", "\"kernel\": \"../kernel\"", StringComparison.Ordinal))) : null;
        });

        (await Should.ThrowAsync<MachineException>(ImportAsync)).Message.ShouldContain("its manifest is not of this version");
    }

    [Fact]
    public async Task Any_other_file_is_refused_and_an_existing_one_is_not_overwritten()
    {
        here.Write("image.tar", "no tar");

        (await Should.ThrowAsync<MachineException>(ImportAsync)).Message.ShouldContain("is no exported image");
        (await Should.ThrowAsync<MachineException>(ExportAsync)).Message.ShouldContain("there is already");
    }

    private async Task ExportAsync()
    {
        var image = new ImageStore(here.Paths).Find(Hash) ?? await here.CommitAsync(Hash, Request, ImagesFolder.Inputs(Request));
        await new ImageArchive(here.Paths).ExportAsync(image, Archive, SilentProgress.Instance, Cancel);
    }

    private Task<Image> ImportAsync() => new ImageArchive(there.Paths).ImportAsync(Archive, SilentProgress.Instance, Cancel);

    private async Task RewriteAsync(Func<TarEntry, Stream?> change)
    {
        var copy = Archive + ".copy";
        await using (var writer = new TarWriter(File.Create(copy)))
        {
            await using var reader = new TarReader(File.OpenRead(Archive));
            while (await reader.GetNextEntryAsync(copyData: true, Cancel) is { } entry)
            {
                var data = change(entry) ?? entry.DataStream!;
                data.Position = 0;
                await writer.WriteEntryAsync(new GnuTarEntry(TarEntryType.RegularFile, entry.Name) { DataStream = data }, Cancel);
            }
        }

        File.Move(copy, Archive, overwrite: true);
    }
}
