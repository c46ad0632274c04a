using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>The folders of a project that are searched for ways in.</summary>
internal static class OpenFolders
{
    // Nobody builds what lies in these, and their thousands of folders would use up the bound of the walk. packages and
    // artifacts are names that a repository may give to its own projects.
    private static readonly HashSet<string> Skipped = new(["bin", "obj", "node_modules"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The root first.</summary>
    public static IEnumerable<string> Of(string project) => FolderWalk.Of(project, Skipped);
}
