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

    /// <summary>Makes a volume of somebody's file. What is judged and copied is a copy of our own, that nobody else can change.</summary>
    public static async Task ImportAsync(VolumeReference volume, string file, Func<DiskFile, DiskFile, Task> copy, CancellationToken cancel)
    {
        var taken = new DiskFile(Path.Combine(volume.Folder, $".{volume.Name}.{Guid.NewGuid():N}.import"), Format);
        try
        {
            await ForeignDisk.TakeAsync(Path.GetFullPath(file), taken, "import what `dotnet machine volume export` wrote", cancel);
            await copy(taken, Disk(volume));
        }
        finally
        {
            File.Delete(taken.Path);
        }
    }
}
