namespace Machine.Tool.Hosting;

/// <summary>The folders of a project, for a look that must end: breadth first, bounded, hidden and linked folders left out.</summary>
internal static class FolderWalk
{
    private const int Most = 5000;
    private const int Deepest = 8;

    /// <summary>The root first.</summary>
    /// <param name="skipped">Names of folders that are not entered.</param>
    public static IEnumerable<string> Of(string root, IReadOnlySet<string> skipped)
    {
        var waiting = new Queue<(string Folder, int Depth)>([(root, 0)]);
        for (var count = 0; count < Most && waiting.TryDequeue(out var here); count++)
        {
            yield return here.Folder;
            if (here.Depth == Deepest)
            {
                continue;
            }

            foreach (var folder in Below(here.Folder, skipped))
            {
                waiting.Enqueue((folder, here.Depth + 1));
            }
        }
    }

    private static List<string> Below(string folder, IReadOnlySet<string> skipped)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateDirectories()
                .Where(d => !d.Name.StartsWith('.') && !skipped.Contains(d.Name) && !d.Attributes.HasFlag(FileAttributes.ReparsePoint))
                .Select(d => d.FullName)
                .Order(StringComparer.Ordinal)
                .Take(Most)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
