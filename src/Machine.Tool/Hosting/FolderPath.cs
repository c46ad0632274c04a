namespace Machine.Tool.Hosting;

/// <summary>How absolute paths of this host lie to one another, by their names: links are resolved before.</summary>
internal static class FolderPath
{
    private static readonly StringComparison Comparison = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    public static bool Same(string a, string b) => string.Equals(a, b, Comparison);

    /// <summary>Below, and not the folder itself.</summary>
    public static bool IsBelow(string path, string folder) => Within(path, folder) && !Same(path, folder);

    /// <summary>The folder itself, or below.</summary>
    public static bool Within(string path, string folder) =>
        Same(path, folder) || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, Comparison);
}
