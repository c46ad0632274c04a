using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Volumes as disk files of this host.</summary>
internal static class QemuVolumes
{
    private const string Format = "qcow2";

    public static DiskFile Disk(VolumeReference volume) => new(Path.Combine(volume.Folder, $"{volume.Name}.{Format}"), Format);

    public static IEnumerable<VolumeInfo> In(string folder) =>
        !Directory.Exists(folder) ? [] :
        new DirectoryInfo(folder).EnumerateFiles($"*.{Format}")
            .Select(file => new VolumeInfo(Path.GetFileNameWithoutExtension(file.Name), DiskUsage.AllocatedBytes(file.FullName), new DateTimeOffset(file.LastWriteTimeUtc)));

    /// <summary>A copy of somebody's file, judged, that nobody else can change.</summary>
    public static async Task<DiskFile> TakeAsync(VolumeReference volume, string file, CancellationToken cancel)
    {
        var taken = new DiskFile(Path.Combine(volume.Folder, $".{volume.Name}.{Guid.NewGuid():N}.import"), Format);
        await ForeignDisk.TakeAsync(Path.GetFullPath(file), taken, "import what `dotnet machine volume export` wrote", cancel);
        return taken;
    }
}
