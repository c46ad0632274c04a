using System.Text.Json;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;

namespace Machine.Tool.Images;

/// <summary>What is in an exported image: its description, and the <see cref="SparseFile.ContentHash"/> of each file.</summary>
internal sealed record ArchivedImage(int Format, StoredImage Image, IReadOnlyDictionary<string, string> ContentHashes)
{
    public const int CurrentFormat = 3;
}

/// <summary>
/// An image as one file, for another host or a pipeline's cache: a tar of its files, holes kept, behind a manifest. The manifest
/// proves that nothing was damaged on the way; it proves nothing about who made the file.
/// </summary>
internal sealed class ImageArchive(MachinePaths paths)
{
    private const string Manifest = "export.json";
    private const long MostManifest = 1 << 20;
    private const string Remedy = "write it again: dotnet machine image export IMAGE FILE";

    // What a build makes, by the only names that it gives; a disk is raw, so nothing in it is read as a reference to another file.
    private static readonly Dictionary<string, long> Most = new(StringComparer.Ordinal)
    {
        ["kernel"] = 256L << 20,
        ["initrd"] = 1L << 30,
        ["root.raw"] = 256L << 30,
    };

    /// <exception cref="MachineException">The file is there already, or can't be written.</exception>
    public async Task ExportAsync(Image image, string file, IProgressSink progress, CancellationToken cancel)
    {
        var tar = HostProgram.Require("tar", "tar");
        var target = Path.GetFullPath(file);
        if (Path.Exists(target))
        {
            throw new MachineException($"there is already a {target}", "remove it, or name another file");
        }

        var folder = Path.Combine(paths.Images, image.Hash);
        var stored = JsonState.Read<StoredImage>(Path.Combine(folder, ImageStore.Description))!;
        var files = FilesOf(stored.Facts);
        var scratch = Directory.CreateTempSubdirectory("machine-image-");
        var part = $"{target}.{Guid.NewGuid():N}.part";
        try
        {
            progress.Step($"reading image {image.Hash[..12]}");
            JsonState.Write(Path.Combine(scratch.FullName, Manifest), new ArchivedImage(ArchivedImage.CurrentFormat, stored, Hashes(folder, files, cancel)));
            progress.Step($"writing {target}");
            // The manifest first: an import reads it without reading gigabytes.
            await HostProgram.RunAsync(tar, ["--create", "--sparse", "--format=gnu", "--file", part, "--directory", scratch.FullName, Manifest, "--directory", folder, .. files], cancel);
            File.Move(part, target);
        }
        finally
        {
            File.Delete(part);
            scratch.Delete(recursive: true);
        }
    }

    /// <summary>Makes it an image of this host; one that is there already stays as it is.</summary>
    /// <exception cref="MachineException">The file is none of these, is damaged, or there is no room.</exception>
    public async Task<Image> ImportAsync(string file, IProgressSink progress, CancellationToken cancel)
    {
        var source = Path.GetFullPath(file);
        if (!File.Exists(source))
        {
            throw new MachineException($"there is no {source}", "dotnet machine image export IMAGE FILE", ExitCode.Usage);
        }

        await using var stream = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read);
        var tar = new ImageTar(stream);
        try
        {
            var archived = await ReadManifestAsync(tar, source, cancel);
            var hash = archived.Image.Hash;
            var store = new ImageStore(paths);
            if (store.Find(hash) is { } present && present.Hash == hash)
            {
                return present;
            }

            await using var build = await BuildFolder.BeginAsync(paths.Images, hash, progress, cancel);
            progress.Step($"reading {source}");
            await ExtractAsync(tar, source, build.Path, archived, cancel);
            return await store.CommitAsync(build, hash, archived.Image.Inputs, archived.Image.Request, archived.Image.Facts, cancel);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(source, e.Message, e);
        }
        catch (IOException e) when (DiskSpace.IsFull(e))
        {
            throw DiskSpace.Full(Path.Combine(paths.Images, "import"), e);
        }
    }

    private static async Task<ArchivedImage> ReadManifestAsync(ImageTar tar, string source, CancellationToken cancel)
    {
        if (await tar.NextAsync(cancel) is not { Name: Manifest, Bytes: <= MostManifest } entry)
        {
            throw Damaged(source, "it does not begin with a manifest");
        }

        var scratch = Directory.CreateTempSubdirectory("machine-image-");
        try
        {
            var file = Path.Combine(scratch.FullName, Manifest);
            await tar.CopyAsync(entry, file, cancel);
            var archived = JsonState.Read<ArchivedImage>(file)!;
            if (archived is not { Format: ArchivedImage.CurrentFormat, Image.Format: StoredImage.CurrentFormat }
                || archived.Image.Facts is not { DiskFormat: "raw", KernelArguments: ImageRecipe.KernelArguments } facts
                || !FilesOf(facts).SequenceEqual(Most.Keys))
            {
                throw Damaged(source, "its manifest is not of this version");
            }

            // Some of its words are shown to people.
            if (Words(archived.Image).FirstOrDefault(word => word.Length > 1000 || word.Any(char.IsControl)) is not null)
            {
                throw Damaged(source, "its manifest holds what no name holds");
            }

            // A name that was made up would be the image of a project that asked for another one.
            return ImageHash.Of(archived.Image.Inputs) == archived.Image.Hash && ImageHash.AreOf(archived.Image.Inputs, archived.Image.Request)
                ? archived
                : throw Damaged(source, "its name is not the hash of what it says it is made of, by this version of the tool");
        }
        catch (Exception e) when (e is JsonException or NullReferenceException or ArgumentNullException)
        {
            throw Damaged(source, "its manifest can't be read", e);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    private static async Task ExtractAsync(ImageTar tar, string source, string folder, ArchivedImage archived, CancellationToken cancel)
    {
        var missing = Most.Keys.ToHashSet(StringComparer.Ordinal);
        while (await tar.NextAsync(cancel) is { } entry)
        {
            if (!missing.Remove(entry.Name))
            {
                throw Damaged(source, $"{entry.Name} is in it twice, or no part of an image");
            }

            if (entry.Bytes > Most[entry.Name])
            {
                throw Damaged(source, $"{entry.Name} is larger than {Most[entry.Name] >> 20} MiB");
            }

            await tar.CopyAsync(entry, Path.Combine(folder, entry.Name), cancel);
        }

        if (missing.Count > 0)
        {
            throw Damaged(source, $"{missing.First()} is not in it");
        }

        await ForeignDisk.RequireStandAloneAsync(new DiskFile(Path.Combine(folder, "root.raw"), "raw"), Remedy, cancel, Most["root.raw"]);
        foreach (var (name, hash) in Hashes(folder, Most.Keys, cancel))
        {
            if (archived.ContentHashes.GetValueOrDefault(name) != hash)
            {
                throw Damaged(source, $"{name} is not what its manifest says");
            }
        }
    }

    private static IEnumerable<string> Words(StoredImage image) =>
    [
        image.Hash, image.Facts.System, image.Facts.Release, image.Request.Base, image.Request.BaseSha256 ?? "", image.Request.SdkVersion ?? "",
        .. image.Request.Packages, .. image.Request.NpmTools, .. image.Request.DotnetTools, .. image.Request.Provision.SelectMany(script => new[] { script.Path, script.Sha256 }), .. image.Request.Tools.Select(tool => tool.ToString()),
    ];

    private static Dictionary<string, string> Hashes(string folder, IEnumerable<string> files, CancellationToken cancel) =>
        files.ToDictionary(name => name, name => SparseFile.ContentHash(Path.Combine(folder, name), cancel), StringComparer.Ordinal);

    private static string[] FilesOf(ImageFacts facts) => [.. new[] { facts.Kernel, facts.Initrd, facts.Disk }.OfType<string>()];

    private static MachineException Damaged(string source, string why, Exception? inner = null) =>
        new($"{source} is no exported image: {why}", Remedy, ExitCode.Failed, inner);
}
