namespace Machine.Tool.Hosting;

/// <summary>Reads files of a project whole: none that never ends, and none that waits for somebody to write.</summary>
internal static class SmallFile
{
    /// <param name="most">In bytes.</param>
    /// <exception cref="IOException">It can't be read, is larger, or is a pipe, a device or a socket.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not this user's to read.</exception>
    public static byte[] Read(string path, int most)
    {
        if (!OperatingSystem.IsWindows() && UnixFile.TryLook(ProjectRoot.RealPath(path)) is { IsFile: false, IsFolder: false })
        {
            throw new IOException("it is a pipe, a device or a socket");
        }

        using var stream = File.OpenRead(path);
        var bytes = new byte[Math.Min(most, stream.Length) + 1];
        var length = 0;
        for (int read; (read = stream.Read(bytes, length, bytes.Length - length)) > 0;)
        {
            length += read;
            if (length > most)
            {
                throw new IOException($"it is larger than {most >> 10} KiB");
            }

            // It grows while it is read.
            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, Math.Min(most + 1, bytes.Length * 2));
            }
        }

        return bytes[..length];
    }
}
