namespace Machine.Tool.Hosting;

/// <summary>
/// The folders of <c>PATH</c>. An empty entry or a relative one (<c>.</c>, <c>./node_modules/.bin</c>) means whatever folder one stands
/// in: what a repository put there would run on this host under the name of a system program.
/// </summary>
internal static class SearchPath
{
    private const string Variable = "PATH";

    /// <summary>What <see cref="DropRelative"/> took out.</summary>
    public static IReadOnlyList<string> Dropped { get; private set; } = [];

    public static IEnumerable<string> Folders(string path) =>
        path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathFullyQualified);

    /// <summary>For this process and all that it starts; those start programs of their own by bare names.</summary>
    public static void DropRelative()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } path)
        {
            var kept = string.Join(Path.PathSeparator, Folders(path));
            if (kept.Length != path.Length)
            {
                Dropped = [.. path.Split(Path.PathSeparator).Where(entry => !Path.IsPathFullyQualified(entry)).Distinct(StringComparer.Ordinal)];
                Environment.SetEnvironmentVariable(Variable, kept);
            }
        }
    }
}
