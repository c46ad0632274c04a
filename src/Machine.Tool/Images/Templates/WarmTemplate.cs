using System.Security.Cryptography;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Templates;

/// <summary>An image that was booted, had its build servers heated, and was frozen with its memory; machines thaw from it.</summary>
/// <param name="Key">Hash of everything that decides whether a machine can thaw from it.</param>
/// <param name="SizeBytes">Bytes on disk: the files are sparse.</param>
internal sealed record WarmTemplate(string Key, string Folder, TemplateFacts Facts, long SizeBytes, DateTimeOffset LastUsed)
{
    public const string Memory = "memory";
    public const string Root = "root.qcow2";

    public DiskFile Disk => new(Path.Combine(Folder, Root), "qcow2");

    public FrozenMachine Frozen => new(Folder, Path.Combine(Folder, Memory));
}

/// <summary><c>template.json</c>: written last.</summary>
internal sealed record TemplateFacts
{
    public const int CurrentVersion = 3;

    public required int Version { get; init; }

    public required string Key { get; init; }

    /// <summary>Hash of the image below: its disk is the backing of this one's.</summary>
    public required string Image { get; init; }

    public required string Base { get; init; }

    public string? Sdk { get; init; }

    public required string Machine { get; init; }

    public required string User { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>What the files looked like when they were finished.</summary>
    public required IReadOnlyDictionary<string, TemplateFile> Files { get; init; }

    public const string FileName = "template.json";
}

/// <param name="Written">Time of its last write. A memory of gigabytes can't be hashed at every start.</param>
/// <param name="Sha256">Of small files.</param>
/// <param name="ChangedNs">
/// Whoever wrote it since can set the time of its last write back, but not this one: an emulator that its guest took over may open the memory
/// for writing (QEMU before 8.2). Opening, mapping and reading leave it, as does renaming the folder. Null on Windows.
/// </param>
internal sealed record TemplateFile(long Bytes, DateTimeOffset Written, string? Sha256, long? ChangedNs)
{
    private const long MostHashed = 16 << 20;

    /// <summary>Null where there is no such file.</summary>
    public static TemplateFile? Of(string path)
    {
        var file = new FileInfo(path);
        return !file.Exists ? null : new TemplateFile(
            file.Length, new DateTimeOffset(file.LastWriteTimeUtc), file.Length <= MostHashed ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))) : null,
            OperatingSystem.IsWindows() ? null : UnixFile.TryLook(path)?.ChangedNs);
    }
}
