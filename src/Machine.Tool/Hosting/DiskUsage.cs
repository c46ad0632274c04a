using System.Runtime.InteropServices;

namespace Machine.Tool.Hosting;

/// <summary>What files really take on the disk, holes not counted.</summary>
internal static partial class DiskUsage
{
    public static long AllocatedBytes(string file)
    {
        // struct stat's layout differs by platform; only Linux' two 64-bit ones are known here.
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64)
        {
            Span<long> stat = stackalloc long[18];
            if (Stat(file, ref MemoryMarshal.GetReference(stat)) == 0)
            {
                // st_blocks, in units of 512 bytes, at byte 64 in both layouts.
                return stat[8] * 512;
            }
        }

        return new FileInfo(file) is { Exists: true } info ? info.Length : 0;
    }

    /// <summary>All files below a folder.</summary>
    public static long AllocatedBytesOfFolder(string folder) =>
        !Directory.Exists(folder) ? 0 :
        Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true })
            .Sum(AllocatedBytes);

    [LibraryImport("libc", EntryPoint = "stat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(string path, ref long buffer);
}
