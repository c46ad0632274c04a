namespace Machine.Tool.Hosting;

/// <summary>Whether a file is still the one that was read: the place that its links lead to, its time of last write and its size.</summary>
internal static class FileStamp
{
    /// <returns>Empty where nothing is there.</returns>
    public static string Of(string path)
    {
        var file = new FileInfo(ProjectRoot.RealPath(path));
        return file.Exists ? $"{file.FullName} {file.LastWriteTimeUtc.Ticks} {file.Length}" : Directory.Exists(path) ? $"{Directory.GetLastWriteTimeUtc(path).Ticks}" : "";
    }
}
