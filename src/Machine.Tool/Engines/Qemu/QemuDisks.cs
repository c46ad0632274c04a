using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Disks, made by qemu-img under a temporary name and renamed: a crash leaves no half disk.</summary>
internal static class QemuDisks
{
    public static string Package =>
        OperatingSystem.IsMacOS() || OperatingSystem.IsWindows() ? QemuProgram.Package : "qemu-utils";

    public static Task CreateAsync(string path, long bytes, CancellationToken cancel) =>
        WriteAsync(path, [], temporary => ["create", "-q", "-f", "qcow2", temporary, $"{bytes}"], cancel);

    /// <param name="files">All that is read: the disk that it stands on, and what stands behind that.</param>
    public static async Task CreateOverlayAsync(string path, DiskFile backing, IReadOnlyList<string> files, long bytes, CancellationToken cancel)
    {
        if (!File.Exists(backing.Path))
        {
            throw new MachineException($"the disk {backing.Path} is missing", exitCode: ExitCode.MachineUnavailable);
        }

        // Cut off, its file system would not mount, and the guest would not boot.
        var least = backing.Format == "qcow2" ? await QcowHeader.SizeAsync(backing.Path, cancel) : new FileInfo(backing.Path).Length;
        if (bytes < least)
        {
            throw new MachineException(
                $"a disk of {ByteSize.Format(bytes)} is smaller than what it starts from, the image's disk of {ByteSize.Format(least)}",
                $"in the Machinefile: disk: {ByteSize.Format(least)}, or more",
                ExitCode.Usage);
        }

        await WriteAsync(
            path, files, temporary => ["create", "-q", "-f", "qcow2", "-b", Path.GetFullPath(backing.Path), "-F", backing.Format, temporary, $"{bytes}"], cancel);
    }

    /// <param name="files">All that is read: the disk, and what stands behind it.</param>
    public static Task CopyAsync(DiskFile source, IReadOnlyList<string> files, DiskFile target, bool compress, CancellationToken cancel) =>
        WriteAsync(
            target.Path,
            files,
            temporary =>
            [
                "convert", "-q", "-f", source.Format, "-O", target.Format,
                .. compress && target.Format == "qcow2" ? ["-c"] : Array.Empty<string>(),
                source.Path, temporary,
            ],
            cancel);

    private static async Task WriteAsync(string path, IReadOnlyList<string> reads, Func<string, string[]> arguments, CancellationToken cancel)
    {
        var program = HostProgram.Require("qemu-img", Package);
        path = Path.GetFullPath(path);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        var list = arguments(temporary);
        var what = list[0] == "create" ? "created" : "copied";
        try
        {
            // It is let write this file, and make none.
            await File.WriteAllBytesAsync(temporary, [], cancel);
            var result = await QemuLauncher.RunAsync(program, list, temporary + ".words", QemuConfinement.OfImages(program, reads, temporary), cancel);
            cancel.ThrowIfCancellationRequested();
            if (result.ExitCode != 0)
            {
                throw Failed(what, path, result.Error);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(what, path, e.Message);
        }
        finally
        {
            QemuPlaces.Delete(temporary);
        }
    }

    private static MachineException Failed(string what, string path, string words)
    {
        var remedy =
            words.Contains("No space left", StringComparison.Ordinal) ? $"free some space on the disk that holds {Path.GetDirectoryName(path)}"
            : words.Contains("lock", StringComparison.Ordinal) ? "stop the machine that uses the disk: dotnet machine stop"
            : null;
        return new MachineException($"the disk {path} could not be {what}:\n{HostProgram.LastLines(words, 4)}", remedy, ExitCode.MachineUnavailable);
    }
}
