using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Host;

/// <summary>Which folders hold a project file, in the host's tree: a guest's own can't make a folder an output. Each is looked into once.</summary>
internal sealed class ProjectFileFolders(HostTree tree)
{
    // Of languages that build to bin; those of scripts (.esproj, .pyproj) keep sources there.
    private static readonly string[] Extensions = [".csproj", ".fsproj", ".vbproj", ".proj", ".vcxproj", ".ilproj", ".sqlproj", ".wixproj", ".msbuildproj"];

    private readonly Dictionary<string, bool> known = new(StringComparer.Ordinal);

    /// <param name="folder">Relative to the project's root; "" is the root.</param>
    public bool Holds(string folder)
    {
        if (!known.TryGetValue(folder, out var holds))
        {
            known[folder] = holds = Look(folder);
        }

        return holds;
    }

    private bool Look(string folder)
    {
        if (folder.Length > 0 && (ProjectPath.From(folder) is not { } path || tree.Stat(path).Kind != HostKind.Folder))
        {
            return false;
        }

        try
        {
            return Directory.EnumerateFiles(Path.Combine(tree.Root, folder), "*.*proj").Any(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
