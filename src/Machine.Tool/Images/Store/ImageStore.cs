using System.Text.Json;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Machines;

namespace Machine.Tool.Images.Store;

/// <summary>The finished images of this host: <c>images/HASH/</c> with <c>image.json</c>, a disk, and what boots it.</summary>
internal sealed class ImageStore(MachinePaths paths)
{
    public const string Description = "image.json";

    // An image's own files are never written again; the time it was last used is the time of this one.
    private const string Used = "last-used";

    public IReadOnlyList<Image> List() =>
        Directory.Exists(paths.Images)
            ? [.. Directory.EnumerateDirectories(paths.Images).Select(folder => TryRead(Path.GetFileName(folder))).OfType<Image>().OrderBy(image => image.Created)]
            : [];

    /// <param name="hash">The hash, or enough of its first characters to name one image.</param>
    /// <exception cref="MachineException">The beginning names more than one.</exception>
    public Image? Find(string hash)
    {
        if (hash.Length == 0 || !hash.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        if (TryRead(hash) is { } image)
        {
            return image;
        }

        var matches = List().Where(candidate => candidate.Hash.StartsWith(hash, StringComparison.Ordinal)).ToList();
        return matches.Count < 2 ? matches.FirstOrDefault() : throw new MachineException(
            $"{hash} is the beginning of {matches.Count} images: {string.Join(", ", matches.Select(match => match.Hash[..12]))}", "write more of it", ExitCode.Usage);
    }

    /// <summary>Remembers that the image was used now.</summary>
    public void Touch(string hash)
    {
        try
        {
            var file = Path.Combine(paths.Images, hash, Used);
            File.WriteAllBytes(file, []);
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A store that can't be written still serves its images.
        }
    }

    /// <exception cref="MachineException">There is no such image, or a machine uses it.</exception>
    public async Task RemoveAsync(string hash, CancellationToken cancel)
    {
        var image = Find(hash) ?? throw new MachineException($"there is no image {hash}", "dotnet machine image list", ExitCode.Failed);
        using var held = await FileLock.AcquireAsync(BuildFolder.LockFile(paths.Images, image.Hash), waiting: null, cancel);
        if (KnownMachines.OnImage(paths, image.Hash) is { Count: > 0 } machines)
        {
            throw new MachineException(
                $"the image {image.Hash[..12]} is used by {string.Join(", ", machines)}", "destroy those machines first: dotnet machine destroy, in their projects");
        }

        Delete(image.Hash);
    }

    /// <summary>Removes what no machine uses and nobody used for <paramref name="olderThan"/> (zero: all such), and what killed builds left.</summary>
    public async Task<IReadOnlyList<Image>> PruneAsync(TimeSpan olderThan, CancellationToken cancel)
    {
        await BuildFolder.SweepAsync(paths.Images);
        DropOutdated();
        var removed = new List<Image>();
        foreach (var image in List())
        {
            cancel.ThrowIfCancellationRequested();
            using var held = FileLock.TryAcquire(BuildFolder.LockFile(paths.Images, image.Hash));
            if (held is not null && DateTimeOffset.UtcNow - image.LastUsed >= olderThan && KnownMachines.OnImage(paths, image.Hash).Count == 0)
            {
                Delete(image.Hash);
                removed.Add(image);
            }
        }

        return removed;
    }

    /// <summary>Removes what an earlier version of this tool made, by rules that do not hold any more, as far as no machine stands on it.</summary>
    public void DropOutdated()
    {
        foreach (var folder in Directory.Exists(paths.Images) ? Directory.GetDirectories(paths.Images) : [])
        {
            var hash = Path.GetFileName(folder);
            if (hash.StartsWith('.') || !JsonFormat.IsBelow(Path.Combine(folder, Description), "format", StoredImage.CurrentFormat))
            {
                continue;
            }

            using var held = FileLock.TryAcquire(BuildFolder.LockFile(paths.Images, hash));
            if (held is not null && KnownMachines.OnImage(paths, hash).Count == 0)
            {
                Delete(hash);
            }
        }
    }

    /// <summary>Describes what lies in the build's folder and makes it an image.</summary>
    public async Task<Image> CommitAsync(BuildFolder build, string hash, string inputs, ImageRequest request, ImageFacts facts, CancellationToken cancel)
    {
        string[] files = [.. new[] { facts.Kernel, facts.Initrd, facts.Disk }.OfType<string>()];
        foreach (var file in files)
        {
            MakeReadOnly(Path.Combine(build.Path, file));
        }

        var size = await SizeAsync(build.Path, files, cancel);
        JsonState.Write(
            Path.Combine(build.Path, Description),
            new StoredImage
            {
                Format = StoredImage.CurrentFormat,
                Hash = hash,
                Inputs = inputs,
                Request = request,
                Created = DateTimeOffset.UtcNow,
                SizeBytes = size,
                Facts = facts,
            });
        await build.CommitAsync(files.Append(Description));
        Touch(hash);
        return TryRead(hash) ?? throw new InvalidOperationException($"the image {hash} was committed and is not there");
    }

    /// <summary>What people are told about an image beyond the contract: its system and kernel.</summary>
    public ImageFacts? Facts(string hash) => ReadDescription(hash)?.Facts;

    private Image? TryRead(string hash)
    {
        var folder = Path.Combine(paths.Images, hash);
        if (hash.StartsWith('.') || !OwnFolder.IsMine(folder) || ReadDescription(hash) is not { } stored)
        {
            return null;
        }

        // Raw, as every image is: its first bytes are its guest's, and nothing reads them as a header.
        var facts = stored.Facts;
        if (facts.DiskFormat != "raw")
        {
            return null;
        }

        var disk = new DiskFile(Path.Combine(folder, facts.Disk), facts.DiskFormat);
        if (!File.Exists(disk.Path))
        {
            return null;
        }

        var boot = new BootImage(Full(facts.Kernel), Full(facts.Initrd), disk, facts.KernelArguments);
        var used = new FileInfo(Path.Combine(folder, Used));
        return new Image(hash, boot, stored.Request, stored.Created, used.Exists ? new DateTimeOffset(used.LastWriteTimeUtc) : stored.Created, stored.SizeBytes);

        string? Full(string? name) => name is null ? null : Path.Combine(folder, name);
    }

    private StoredImage? ReadDescription(string hash)
    {
        try
        {
            var stored = JsonState.Read<StoredImage>(Path.Combine(paths.Images, hash, Description));
            return stored is { Format: StoredImage.CurrentFormat } && stored.Hash == hash ? stored : null;
        }
        catch (JsonException)
        {
            // Of another version of this tool, or broken: it is built again.
            return null;
        }
    }

    private void Delete(string hash) => AtomicDelete.Folder(Path.Combine(paths.Images, hash), $"{BuildFolder.Prefix}{hash}-");

    private static void MakeReadOnly(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            File.SetAttributes(file, FileAttributes.ReadOnly);
        }
        else
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    // The files are sparse: what they take is their blocks, which .NET does not tell.
    private static async Task<long> SizeAsync(string folder, string[] files, CancellationToken cancel)
    {
        if (!OperatingSystem.IsWindows() && HostProgram.Find("du") is { } du)
        {
            var result = await HostProgram.TryRunAsync(du, ["-ck", .. files.Select(file => Path.Combine(folder, file))], cancel);
            var total = result.Output.TrimEnd().Split('\n')[^1].Split('\t')[0];
            if (long.TryParse(total, out var kilobytes))
            {
                return kilobytes * 1024;
            }
        }

        return files.Sum(file => new FileInfo(Path.Combine(folder, file)).Length);
    }
}
