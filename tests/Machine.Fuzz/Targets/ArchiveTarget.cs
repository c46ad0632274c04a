using System.Formats.Tar;
using Machine.Tool.Hosting;
using Machine.Tool.Images;

namespace Machine.Fuzz.Targets;

/// <summary>Somebody wrote the manifest of an exported image; the files beside it are as it should say.</summary>
internal static class ArchiveTarget
{
    private const string Canary = "untouched";
    private static readonly string Folder = Directory.CreateTempSubdirectory("machine-fuzz-image-").FullName;
    private static readonly string Secret = Path.Combine(Folder, "canary");

    public static FuzzTarget Target { get; } = new(
        "archive", Run,
        "\"Format\"", "\"Image\"", "\"ContentHashes\"", "\"Hash\"", "\"Request\"", "\"Facts\"", "\"Kernel\"", "\"Initrd\"", "\"Disk\"", "\"DiskFormat\"", "\"raw\"", "\"qcow2\"", "\"../canary\"", "\"/etc/passwd\"", "\"root.raw\"", "null", "0123456789abcdef0123456789abcdef", "{", "}", "[", "]", ",", "1", "\"\"");

    private static void Run(byte[] input)
    {
        File.WriteAllText(Secret, Canary);
        var archive = Path.Combine(Folder, "image.tar");
        using (var tar = new TarWriter(File.Create(archive)))
        {
            foreach (var (name, content) in new[] { ("export.json", input), ("root.raw", "root.raw"u8.ToArray()), ("kernel", "kernel"u8.ToArray()), ("initrd", "initrd"u8.ToArray()) })
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        var home = Path.Combine(Folder, "home");
        try
        {
            var image = new ImageArchive(MachinePaths.At(home)).ImportAsync(archive, SilentProgress.Instance, CancellationToken.None).GetAwaiter().GetResult();
            foreach (var file in new[] { image.Boot.Kernel, image.Boot.Initrd, image.Boot.Disk.Path }.OfType<string>())
            {
                Promise.Holds(Path.GetDirectoryName(Path.GetFullPath(file)) == Path.Combine(home, "images", image.Hash), "an image names a file elsewhere: " + file);
            }
        }
        catch (MachineException)
        {
            // As documented.
        }
        finally
        {
            if (Directory.Exists(home))
            {
                Directory.Delete(home, recursive: true);
            }
        }

        Promise.Holds(File.ReadAllText(Secret) == Canary && Directory.GetFileSystemEntries(Folder).Length == 2, "it wrote elsewhere");
    }

    static ArchiveTarget() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);
}
