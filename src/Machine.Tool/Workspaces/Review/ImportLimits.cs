namespace Machine.Tool.Workspaces.Review;

/// <summary>What one command may bring to the host.</summary>
internal sealed record ImportLimits(long FileBytes, long TotalBytes, int Files)
{
    /// <summary>More lines than this about one limit help nobody.</summary>
    private const int MostGroups = 20;

    public static ImportLimits Default { get; } = new(2L << 30, 8L << 30, 50_000);

    /// <summary>
    /// Leaves out the folders that weigh most until the rest is within the limits. Few folders: first the files' own, then
    /// wider ones. Returns the folders left out and why.
    /// </summary>
    /// <param name="depth">How many names of a path its folder has here, for <see cref="FolderOf"/>.</param>
    public Dictionary<string, string> Exceeding(IReadOnlyCollection<(string Path, long Bytes)> files, out int depth)
    {
        depth = 0;
        if (files.Count <= Files && files.Sum(f => f.Bytes) <= TotalBytes)
        {
            return [];
        }

        for (depth = files.Max(f => f.Path.AsSpan().Count('/')); depth > 0; depth--)
        {
            if (Exceeding(files, depth) is { Count: <= MostGroups } refused)
            {
                return refused;
            }
        }

        return new(StringComparer.Ordinal) { [""] = Reason(files.Count, files.Sum(f => f.Bytes)) };
    }

    /// <summary>The folder of the first <paramref name="depth"/> names at most.</summary>
    public static string FolderOf(string path, int depth)
    {
        var end = depth == 0 ? -1 : path.LastIndexOf('/');
        for (var i = 0; i < path.Length && depth > 0; i++)
        {
            if (path[i] == '/' && --depth == 0)
            {
                end = i;
            }
        }

        return end < 0 ? "" : path[..end];
    }

    private Dictionary<string, string>? Exceeding(IReadOnlyCollection<(string Path, long Bytes)> files, int depth)
    {
        long count = files.Count;
        var bytes = files.Sum(f => f.Bytes);
        var groups = files.GroupBy(f => FolderOf(f.Path, depth), StringComparer.Ordinal)
            .Select(g => (Folder: g.Key, Count: g.Count(), Bytes: g.Sum(f => f.Bytes)))
            .ToList();
        var refused = new Dictionary<string, string>(StringComparer.Ordinal);
        var byCount = new Queue<(string Folder, int Count, long Bytes)>(groups.OrderByDescending(g => g.Count).ThenBy(g => g.Folder, StringComparer.Ordinal).Take(MostGroups + 1));
        var byBytes = new Queue<(string Folder, int Count, long Bytes)>(groups.OrderByDescending(g => g.Bytes).ThenBy(g => g.Folder, StringComparer.Ordinal).Take(MostGroups + 1));
        while (count > Files || bytes > TotalBytes)
        {
            if (!(count > Files ? byCount : byBytes).TryDequeue(out var group) || refused.Count > MostGroups)
            {
                return null;
            }

            if (refused.TryAdd(group.Folder, Reason(group.Count, group.Bytes)))
            {
                count -= group.Count;
                bytes -= group.Bytes;
            }
        }

        return refused;
    }

    private string Reason(long count, long bytes) =>
        $"{count} files of {Megabytes(bytes)} MB: more than one command may bring ({Files} files, {Megabytes(TotalBytes)} MB)";

    private static long Megabytes(long bytes) => (bytes + 999_999) / 1_000_000;
}
