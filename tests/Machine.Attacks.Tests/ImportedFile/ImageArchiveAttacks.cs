using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Store;
using Machine.Tool.Machinefiles;

namespace Machine.Attacks.Tests.ImportedFile;

/// <summary>
/// A file for `image import` from a cache or a colleague. The canaries: a key of the host's whose words must not be in the image, files
/// beside the image's folder that must not be written, a disk that must not be filled.
/// </summary>
public sealed class ImageArchiveAttacks : IDisposable
{
    private static readonly ImageRequest Request = new()
    {
        Base = "debian/12",
        Packages = ["git"],
        NpmTools = [],
        DotnetTools = [],
        Provision = [],
    };
    private static readonly string Inputs = ImageHash.Inputs(Request, sdk: null, TrustStore.OfThisHost());

    private readonly TestFolder folder = new();
    private readonly string key;
    private readonly MachinePaths paths;
    private readonly Dictionary<string, byte[]> files = new(StringComparer.Ordinal) { ["kernel"] = "kernel"u8.ToArray(), ["initrd"] = "initrd"u8.ToArray(), ["root.raw"] = new byte[4096] };
    private StoredImage image = new()
    {
        Format = StoredImage.CurrentFormat,
        Hash = ImageHash.Of(Inputs),
        Inputs = Inputs,
        Request = Request,
        Created = DateTimeOffset.UnixEpoch,
        SizeBytes = 1,
        Facts = new ImageFacts
        {
            System = "Debian",
            Release = "6.1",
            Kernel = "kernel",
            Initrd = "initrd",
            Disk = "root.raw",
            DiskFormat = "raw",
            KernelArguments = ImageRecipe.KernelArguments,
        },
    };

    public ImageArchiveAttacks()
    {
        key = folder["id_ed25519"];
        File.WriteAllText(key, "SECRET-OF-THE-HOST");
        paths = MachinePaths.At(folder["home"]);
        MachinePaths.CreatePrivate(paths.Home);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_is_honest_is_taken() => (await ImportAsync(Honest())).Hash.ShouldBe(image.Hash);

    [Fact]
    public async Task P20_a_disk_that_stands_on_a_file_of_the_host_is_no_image()
    {
        files["root.qcow2"] = new HostileQcow().Backing(key).ToArray();
        files.Remove("root.raw");
        image = image with { Facts = image.Facts with { Disk = "root.qcow2", DiskFormat = "qcow2" } };
        await RefusedAsync(Honest());
    }

    [Fact]
    public async Task A_qcow2_that_is_called_raw_is_read_as_raw()
    {
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null, "qemu-img is not installed");
        files["root.raw"] = new HostileQcow().Backing(key).ToArray();
        var taken = await ImportAsync(Honest());
        await Tool.Engines.Qemu.QemuDisks.CreateOverlayAsync(folder["root"], taken.Boot.Disk, [taken.Boot.Disk.Path], 1 << 20, Cancel);
        await HostProgram.RunAsync("qemu-img", ["convert", "-f", "qcow2", "-O", "raw", folder["root"], folder["seen"]], Cancel);
        var seen = await File.ReadAllBytesAsync(folder["seen"], Cancel);
        seen[..4].ShouldBe([0x51, 0x46, 0x49, 0xfb]);
        Encoding.Latin1.GetString(seen).ShouldNotContain("SECRET-OF-THE-HOST");
    }

    public static TheoryData<string> Manifests =>
    [
        "another disk format", "no disk format", "a kernel elsewhere", "an absolute disk", "a disk called image.json", "one file three times", "no kernel", "arguments for the kernel",
        "a hash that is a path", "a made-up hash", "the hash of another request", "inputs of another request", "inputs that are no JSON", "inputs of another recipe", "a tool that the inputs do not know",
        "a provision script that the inputs do not know", "words that steer a terminal", "a line break in the base", "an older format", "a member that is unknown", "null instead of an image", "not JSON", "empty",
    ];

    [Theory]
    [MemberData(nameof(Manifests))]
    public async Task A_manifest_that_lies_makes_no_image(string lie)
    {
        var facts = image.Facts;
        var other = ImageHash.Inputs(Request with { Packages = ["curl"] }, sdk: null, TrustStore.OfThisHost());
        string? text = lie switch
        {
            "a member that is unknown" => Manifest().Replace("\"format\"", "\"extra\": 1, \"format\"", StringComparison.Ordinal),
            "null instead of an image" => """{ "format": 2, "image": null, "sha256": {} }""",
            "not JSON" => "{",
            "empty" => "",
            _ => null,
        };
        image = lie switch
        {
            "another disk format" => image with { Facts = facts with { DiskFormat = "vmdk" } },
            "no disk format" => image with { Facts = facts with { DiskFormat = "" } },
            "a kernel elsewhere" => image with { Facts = facts with { Kernel = "../../kernel" } },
            "an absolute disk" => image with { Facts = facts with { Disk = key } },
            "a disk called image.json" => image with { Facts = facts with { Disk = "image.json" } },
            "one file three times" => image with { Facts = facts with { Kernel = "root.raw", Initrd = "root.raw" } },
            "no kernel" => image with { Facts = facts with { Kernel = null } },
            "arguments for the kernel" => image with { Facts = facts with { KernelArguments = "init=/bin/sh" } },
            "a hash that is a path" => image with { Hash = "../../../../../../../../tmp/aaaaa" },
            "a made-up hash" => image with { Hash = new string('a', 32) },
            "the hash of another request" => image with { Hash = ImageHash.Of(other) },
            "inputs of another request" => image with { Hash = ImageHash.Of(other), Inputs = other },
            "inputs that are no JSON" => image with { Hash = ImageHash.Of("x"), Inputs = "x" },
            "inputs of another recipe" => WithInputs(ImageHash.Inputs(Request, [], [], Distribution.Architecture, "another")),
            "a tool that the inputs do not know" => image with { Request = Request with { Tools = [new PinnedTool("dotnet", "evil", "1.0.0", "00")] } },
            "a provision script that the inputs do not know" => image with { Request = Request with { Provision = [ProvisionScript.Of("p.sh", [])] } },
            "words that steer a terminal" => image with { Facts = facts with { System = "\u001b]52;c;ZXZpbA==\u0007" } },
            "a line break in the base" => WithRequest(Request with { Base = "debian/12\n##vso[task.prependpath]/evil" }),
            "an older format" => image with { Format = 1 },
            _ => image,
        };
        await RefusedAsync([("export.json", Encoding.UTF8.GetBytes(text ?? Manifest()), '0', 0), .. Files()]);
    }

    public static TheoryData<string> Members =>
    [
        "a link to the key", "a hard link to the key", "a device", "a pipe", "a folder", "an absolute name", "a name above", "a name in a folder", "a name with a prefix", "a long name",
        "an extended header", "a global header", "one name twice", "a second manifest", "a file that nobody named", "a missing disk", "the manifest last", "a manifest of two megabytes",
        "a kernel of a terabyte", "a disk of a petabyte", "a disk with parts that overlap", "a disk with a part beyond its end", "a disk with more than it holds", "a size below zero", "a size in letters", "a wrong checksum", "a damaged disk", "cut off",
        "an initrd with holes of a terabyte", "an image.json", "a last-used that is a link",
    ];

    [Theory]
    [MemberData(nameof(Members))]
    public async Task A_tar_that_holds_anything_else_makes_no_image(string how)
    {
        List<(string Name, byte[] Content, char Type, long Bytes)> honest = Honest();
        switch (how)
        {
            case "a link to the key": Replace("root.raw", '2'); break;
            case "a hard link to the key": Replace("root.raw", '1'); break;
            case "a device": Replace("root.raw", '4'); break;
            case "a pipe": Replace("root.raw", '6'); break;
            case "a folder": Replace("root.raw", '5'); break;
            case "an absolute name": honest.Insert(1, (folder["written"], [1], '0', 0)); break;
            case "a name above": honest.Insert(1, ("../written", [1], '0', 0)); break;
            case "a name in a folder": honest.Insert(1, ("a/written", [1], '0', 0)); break;
            case "a name with a prefix": honest.Insert(1, ("kernel", [1], 'p', 0)); break;
            case "a long name": honest.Insert(1, ("././@LongLink", Encoding.ASCII.GetBytes(folder["written"]), 'L', 0)); break;
            case "an extended header": honest.Insert(1, ("pax", Encoding.ASCII.GetBytes("22 path=../../written\n"), 'x', 0)); break;
            case "a global header": honest.Insert(0, ("pax", Encoding.ASCII.GetBytes("22 path=../../written\n"), 'g', 0)); break;
            case "one name twice": honest.Add(honest[1]); break;
            case "a second manifest": honest.Add(honest[0]); break;
            case "a file that nobody named": honest.Add(("more", [1], '0', 0)); break;
            case "a missing disk": honest.RemoveAt(3); break;
            case "the manifest last": honest.Reverse(); break;
            case "a manifest of two megabytes": honest[0] = ("export.json", [.. honest[0].Content, .. Encoding.ASCII.GetBytes(new string(' ', 2 << 20))], '0', 0); break;
            case "a kernel of a terabyte": honest[1] = ("kernel", [], 'S', 1L << 40); break;
            case "a disk of a petabyte": honest[3] = ("root.raw", [], 'S', 1L << 50); break;
            case "an initrd with holes of a terabyte": honest[2] = ("initrd", [1], 'S', 1L << 40); break;
            case "a disk with parts that overlap": honest[3] = ("root.raw", new byte[1024], 'o', 4096); break;
            case "a disk with a part beyond its end": honest[3] = ("root.raw", new byte[512], 'e', 4096); break;
            case "a disk with more than it holds": honest[3] = ("root.raw", new byte[1024], 'm', 4096); break;
            case "a size below zero": Replace("root.raw", 'n'); break;
            case "a size in letters": Replace("root.raw", 'l'); break;
            case "a wrong checksum": Replace("root.raw", 'c'); break;
            case "a damaged disk": honest[3] = ("root.raw", [1, .. new byte[4095]], '0', 0); break;
            case "cut off": Replace("root.raw", 'q'); break;
            case "an image.json": honest.Add(("image.json", [1], '0', 0)); break;
            case "a last-used that is a link": honest.Add(("last-used", [], '2', 0)); break;
        }

        await RefusedAsync(honest);
        File.Exists(folder["written"]).ShouldBeFalse();
        File.ReadAllText(key).ShouldBe("SECRET-OF-THE-HOST");

        void Replace(string name, char type) => honest[honest.FindIndex(entry => entry.Name == name)] = (name, files[name], type, 0);
    }

    [Fact]
    public async Task An_image_that_is_there_is_not_replaced()
    {
        var first = await ImportAsync(Honest());
        files["root.raw"] = Encoding.ASCII.GetBytes("EVIL".PadRight(4096));
        (await ImportAsync(Honest())).Created.ShouldBe(first.Created);
        (await File.ReadAllTextAsync(first.Boot.Disk.Path, Cancel)).ShouldNotContain("EVIL");
    }

    [Fact]
    public void A_folder_in_the_store_that_says_qcow2_is_no_image()
    {
        var place = MachinePaths.CreatePrivate(Path.Combine(MachinePaths.CreatePrivate(paths.Images), image.Hash));
        File.WriteAllBytes(Path.Combine(place, "root.raw"), new HostileQcow().Backing(key).ToArray());
        JsonState.Write(Path.Combine(place, "image.json"), image);
        new ImageStore(paths).Find(image.Hash).ShouldNotBeNull();
        JsonState.Write(Path.Combine(place, "image.json"), image with { Facts = image.Facts with { DiskFormat = "qcow2" } });
        new ImageStore(paths).Find(image.Hash).ShouldBeNull();
    }

    private StoredImage WithInputs(string inputs) => image with { Hash = ImageHash.Of(inputs), Inputs = inputs };

    private StoredImage WithRequest(ImageRequest request) =>
        WithInputs(ImageHash.Inputs(request, sdk: null, TrustStore.OfThisHost())) with { Request = request };

    private string Manifest() => JsonSerializer.Serialize(
        new ArchivedImage(ArchivedImage.CurrentFormat, image, files.ToDictionary(file => file.Key, file => ContentHash(file.Value))), JsonState.Options);

    // As an export does.
    private string ContentHash(byte[] content)
    {
        File.WriteAllBytes(folder["hashed"], content);
        return SparseFile.ContentHash(folder["hashed"], CancellationToken.None);
    }

    private IEnumerable<(string Name, byte[] Content, char Type, long Bytes)> Files() => files.Select(file => (file.Key, file.Value, '0', 0L));

    private List<(string Name, byte[] Content, char Type, long Bytes)> Honest() => [("export.json", Encoding.UTF8.GetBytes(Manifest()), '0', 0), .. Files()];

    private Task<Image> ImportAsync(List<(string Name, byte[] Content, char Type, long Bytes)> entries)
    {
        using (var tar = File.Create(folder["image.tar"]))
        {
            foreach (var (name, content, type, bytes) in entries)
            {
                tar.Write(Header(name, content.Length, type, bytes));
                if (type is not ('1' or '2' or '4' or '5' or '6'))
                {
                    tar.Write(type == 'q' ? content.AsSpan(0, 100) : content);
                    if (type == 'q')
                    {
                        break;
                    }

                    tar.Write(new byte[(512 - (content.Length % 512)) % 512]);
                }
            }

            tar.Write(new byte[entries.Any(entry => entry.Type == 'q') ? 0 : 1024]);
        }

        return new ImageArchive(paths).ImportAsync(folder["image.tar"], SilentProgress.Instance, Cancel);
    }

    private async Task RefusedAsync(List<(string Name, byte[] Content, char Type, long Bytes)> entries)
    {
        var failure = await Should.ThrowAsync<MachineException>(() => ImportAsync(entries));
        failure.Message.ShouldContain("is no exported image");
        failure.Message.Any(c => char.IsControl(c) && c != '\n').ShouldBeFalse();
        new ImageStore(paths).List().ShouldBeEmpty();
        (Directory.Exists(paths.Images) ? Directory.GetDirectories(paths.Images).Select(Path.GetFileName) : []).ShouldBeSubsetOf([".locks"]);
        if (Directory.Exists(paths.Home))
        {
            // What was written on the way: nothing that fills a disk, no word of the key.
            Directory.EnumerateFiles(paths.Home, "*", SearchOption.AllDirectories).ShouldAllBe(file => !File.ReadAllText(file).Contains("SECRET-OF-THE-HOST"));
        }
    }

    private byte[] Header(string name, int size, char type, long bytes)
    {
        var header = new byte[512];
        Put(0, name.Length > 99 ? name[..99] : name);
        Put(100, "0000644");
        Put(124, type switch { 'n' => "-1", 'l' => "0x1000", '1' or '2' or '4' or '5' or '6' => "0", _ => Convert.ToString(size, 8).PadLeft(11, '0') });
        header[156] = (byte)(type is 'o' or 'e' or 'm' ? 'S' : type is 'n' or 'l' or 'c' or 'q' or 'p' ? '0' : type);
        if (type is '1' or '2')
        {
            Put(157, key);
        }

        if (type == 'p')
        {
            Put(257, "ustar");
            Put(345, "..");
        }

        (long Offset, long Count)[] parts = type switch { 'o' => [(0, 512), (256, 512)], 'e' => [(4000, 512)], 'm' => [(0, 512)], 'S' => size > 0 ? [(0, size)] : [], _ => [] };
        for (var i = 0; i < parts.Length; i++)
        {
            Put(386 + (i * 24), Convert.ToString(parts[i].Offset, 8).PadLeft(11, '0'));
            Put(398 + (i * 24), Convert.ToString(parts[i].Count, 8).PadLeft(11, '0'));
        }

        if (bytes > 0)
        {
            header[483] = 0x80;
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(487), bytes);
        }

        Put(148, "        ");
        Put(148, Convert.ToString(header.Sum(value => value) + (type == 'c' ? 1 : 0), 8).PadLeft(6, '0') + "\0 ");
        return header;

        void Put(int at, string text) => Encoding.ASCII.GetBytes(text).CopyTo(header, at);
    }
}
