using Machine.Tool.Hosting;

namespace Machine.Tool.Engines;

/// <summary>
/// Judges a disk that somebody hands us, wherever it comes from: a cloud image, an imported volume, an imported image. It stands alone,
/// or it is not used: a qcow2 can name other files of this host, and the engine would open them for its guest.
/// </summary>
internal static class ForeignDisk
{
    /// <summary>No disk of a machine is larger.</summary>
    public const long MostBytes = 16L << 40;

    /// <param name="disk">A copy of our own: whoever writes the original meanwhile does not change what was judged.</param>
    /// <param name="remedy">Where a disk that will do comes from.</param>
    /// <exception cref="MachineException">It refers to another file, is encrypted, too large, or not of its format.</exception>
    public static async Task RequireStandAloneAsync(DiskFile disk, string remedy, CancellationToken cancel, long most = MostBytes)
    {
        var bytes = disk.Format switch
        {
            // Whatever a raw disk begins with is its guest's: it has no header, and no program is ever let guess one.
            "raw" => new FileInfo(disk.Path).Length,
            "qcow2" => await QcowHeader.RequireStandAloneAsync(disk.Path, remedy, cancel),
            _ => throw new MachineException($"{disk.Path}: a disk of the format {disk.Format} is not used", remedy),
        };
        if (bytes is <= 0 || bytes > most)
        {
            throw new MachineException($"{disk.Path} is a disk of {bytes} bytes; between 1 and {most} will do", remedy);
        }
    }

    /// <summary>Copies a disk to a place of our own, and judges the copy.</summary>
    /// <exception cref="MachineException">It can't be read, or does not stand alone; there is no copy then.</exception>
    public static async Task TakeAsync(string source, DiskFile copy, string remedy, CancellationToken cancel)
    {
        try
        {
            // Shares its blocks with the original where the file system can.
            File.Copy(source, copy.Path, overwrite: false);
            await RequireStandAloneAsync(copy, remedy, cancel);
        }
        catch (Exception e)
        {
            File.Delete(copy.Path);
            if (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
            {
                throw new MachineException($"{source} can't be read: {e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
            }

            throw e is MachineException ? new MachineException(e.Message.Replace(copy.Path, source, StringComparison.Ordinal), remedy, inner: e) : e;
        }
    }
}
