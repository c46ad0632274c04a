namespace Machine.Tool.Hosting;

/// <summary>
/// Reads a project's file whole, up to a bound. A pipe or a device is refused: opening one waits for a writer, reading one may never end.
/// </summary>
internal static class SmallFile
{
    /// <summary>For what has a few kilobytes in every real project, in bytes.</summary>
    public const int Usual = 1 << 20;

    /// <param name="most">In bytes.</param>
    /// <exception cref="IOException">It can't be read, is larger, or is a pipe, a device or a socket.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not this user's to read.</exception>
    public static byte[] Read(string path, int most = Usual)
    {
        if (!OperatingSystem.IsWindows() && UnixFile.TryLook(ProjectRoot.RealPath(path)) is { IsFile: false, IsFolder: false })
        {
            throw new IOException("it is a pipe, a device or a socket");
        }

        using var stream = File.OpenRead(path);
        var bytes = new byte[Math.Min(most, stream.Length) + 1];
        var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length < bytes.Length ? bytes[..length] : throw new IOException(length > most ? $"it is larger than {most >> 10} KiB" : "it grew while it was read");
    }

    /// <summary>As text: UTF-8 where no byte order mark says otherwise.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(string path, int most = Usual)
    {
        using var text = new StreamReader(new MemoryStream(Read(path, most)));
        return text.ReadToEnd();
    }
}
