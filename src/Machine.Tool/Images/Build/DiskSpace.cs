using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Build;

/// <summary>Recognises a full disk, in whichever words it is told.</summary>
internal static class DiskSpace
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    public static bool IsFull(string output) =>
        output.Contains("No space left on device", StringComparison.Ordinal) || output.Contains("Disk quota exceeded", StringComparison.Ordinal)
        || output.Contains("enough free space", StringComparison.Ordinal);

    public static bool IsFull(IOException e) => (e.HResult & 0xFFFF) is NoSpace or QuotaExceeded or 0x70 || IsFull(e.Message);

    public static MachineException Full(string folder, Exception? inner = null) => new(
        $"the disk is full: no room for an image in {Path.GetDirectoryName(folder)}",
        "an image takes about 2 GiB while it is built. Free some: dotnet machine image prune, or set MACHINE_HOME to a larger disk",
        ExitCode.MachineUnavailable,
        inner);
}
