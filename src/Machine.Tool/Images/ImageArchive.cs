using System.Security.Cryptography;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images;

/// <summary>What is in an exported image: its description, and the SHA-256 of each file, in lower-case hex.</summary>
internal sealed record ArchivedImage(int Format, StoredImage Image, IReadOnlyDictionary<string, string> Sha256)
{
    public const int CurrentFormat = 1;
}

/// <summary>
/// An image as one file, for another host or a pipeline's cache: a tar of its files, holes kept, behind a manifest. The manifest
/// proves that nothing was damaged on the way; it proves nothing about who made the file.
/// </summary>
internal sealed class ImageArchive(MachinePaths paths)
{
    private const string Manifest = "export.json";

    /// <exception cref="MachineException">The file is there already, or can't be written.</exception>
    public async Task ExportAsync(Image image, string file, IProgressSink progress, CancellationToken cancel)
    {
        var tar = Programs.Require("tar", "tar");
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
            JsonState.Write(Path.Combine(scratch.FullName, Manifest), new ArchivedImage(ArchivedImage.CurrentFormat, stored, await HashesAsync(folder, files, cancel)));
            progress.Step($"writing {target}");
            // The manifest first: an import reads it without reading gigabytes.
            await Programs.RunAsync(tar, ["--create", "--sparse", "--file", part, "--directory", scratch.FullName, Manifest, "--directory", folder, .. files], cancel);
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

        var archived = await ReadManifestAsync(source, cancel);
        var hash = archived.Image.Hash;
        var store = new ImageStore(paths);
        if (store.Find(hash) is { } present && present.Hash == hash)
        {
            return present;
        }

        await using var build = await BuildFolder.BeginAsync(paths.Images, hash, progress, cancel);
        progress.Step($"reading {source}");
        var files = FilesOf(archived.Image.Facts);
        await ExtractAsync(source, build.Path, files, cancel);
        foreach (var (name, sha256) in await HashesAsync(build.Path, files, cancel))
        {
            if (archived.Sha256.GetValueOrDefault(name) != sha256)
            {
                throw Damaged(source, $"{name} is not what its manifest says");
            }
        }

        return await store.CommitAsync(build, hash, archived.Image.Request, archived.Image.Facts, cancel);
    }

    private static async Task<ArchivedImage> ReadManifestAsync(string source, CancellationToken cancel)
    {
        var scratch = Directory.CreateTempSubdirectory("machine-image-");
        try
        {
            await ExtractAsync(source, scratch.FullName, [Manifest], cancel);
            var archived = JsonState.Read<ArchivedImage>(Path.Combine(scratch.FullName, Manifest))!;
            // Names become paths: plain ones only.
            return archived is { Format: ArchivedImage.CurrentFormat, Image.Format: StoredImage.CurrentFormat }
                && archived.Image.Hash.Length == 32 && archived.Image.Hash.All(char.IsAsciiHexDigitLower)
                && FilesOf(archived.Image.Facts).All(IsPlain)
                ? archived
                : throw Damaged(source, "its manifest is not of this version");
        }
        catch (Exception e) when (e is JsonException or NullReferenceException)
        {
            throw Damaged(source, "its manifest can't be read", e);
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
    }

    // Only the files that are named here, whatever else is in it; and each must be a file, not a link to one of this host's.
    private static async Task ExtractAsync(string source, string folder, IReadOnlyList<string> files, CancellationToken cancel)
    {
        var result = await Programs.TryRunAsync(
            Programs.Require("tar", "tar"), ["--extract", "--sparse", "--file", source, "--directory", folder, "--no-same-owner", "--no-same-permissions", "--", .. files], cancel);
        if (result.ExitCode != 0)
        {
            throw DiskSpace.IsFull(result.Error) ? DiskSpace.Full(folder) : Damaged(source, Programs.LastLines(result.Error, 3).Trim());
        }

        if (files.FirstOrDefault(name => new FileInfo(Path.Combine(folder, name)) is not { Exists: true, LinkTarget: null }) is { } missing)
        {
            throw Damaged(source, $"{missing} is no file");
        }
    }

    private static async Task<Dictionary<string, string>> HashesAsync(string folder, IEnumerable<string> files, CancellationToken cancel)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in files)
        {
            await using var stream = File.OpenRead(Path.Combine(folder, name));
            hashes[name] = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel));
        }

        return hashes;
    }

    private static string[] FilesOf(ImageFacts facts) => [.. new[] { facts.Kernel, facts.Initrd, facts.Disk }.OfType<string>()];

    private static bool IsPlain(string name) =>
        name.Length is > 0 and < 100 && name[0] is not ('.' or '-') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && name != ImageStore.Description;

    private static MachineException Damaged(string source, string why, Exception? inner = null) =>
        new($"{source} is no exported image: {why}", "write it again: dotnet machine image export IMAGE FILE", ExitCode.Failed, inner);
}
