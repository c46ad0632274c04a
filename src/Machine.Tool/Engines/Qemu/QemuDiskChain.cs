using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// The files behind a machine's disks. A disk's header is written by the machine's own QEMU: which other file it names is believed only
/// where that is an image's or a template's, which no guest writes: a volume behind it could be of a format that names further files.
/// </summary>
internal static class QemuDiskChain
{
    private const int Longest = 16;

    /// <param name="may">Folders whose files any disk may stand on.</param>
    /// <param name="known">Files that it may stand on wherever they are.</param>
    /// <returns>The disk, and every file behind it.</returns>
    /// <exception cref="MachineException">It names a file that is none of its business.</exception>
    public static List<string> Of(string disk, IReadOnlyList<string> may, IReadOnlyList<string> known)
    {
        List<string> files = [disk];
        while (true)
        {
            var text = QcowHeader.Backing(files[^1], out var external);
            if (text is null && !external)
            {
                return files;
            }

            // Ours are whole paths. QEMU reads others as addresses too ("nbd:…", "json:…").
            var next = external || text is null || !Path.IsPathFullyQualified(text) || !File.Exists(text) ? null : ProjectRoot.RealPath(text);
            if (next is null || files.Count > Longest || !(known.Any(file => ProjectRoot.RealPath(file) == next) || may.Any(folder => IsWithin(next, folder))))
            {
                throw new MachineException(
                    $"the disk {disk} refers to a file that it has no business with{(text is null ? "" : $": {Printable.Quote(text)}")}; it is not used",
                    "its virtual machine may have been broken out of: dotnet machine destroy, and look at what the project ran",
                    ExitCode.MachineUnavailable);
            }

            files.Add(next);
        }
    }

    private static bool IsWithin(string file, string folder) =>
        file.StartsWith(ProjectRoot.RealPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
