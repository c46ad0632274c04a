using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>A project whose <c>.git</c> is a file that points outside of it: git works inside only where that folder is shared.</summary>
internal static class GitWorktree
{
    private const string Pointer = "gitdir:";

    /// <summary>The repository's own folder where no share brings it to the same path inside; null where nothing is missing.</summary>
    public static string? Missing(ProjectRoot project, Machinefile machinefile)
    {
        try
        {
            var file = Path.Combine(project.Path, ".git");
            if (!File.Exists(file) || SmallFile.ReadText(file).Split('\n')[0] is var line && !line.StartsWith(Pointer, StringComparison.Ordinal))
            {
                return null;
            }

            var folder = Path.GetFullPath(line[Pointer.Length..].Trim(), project.Path);
            var common = Path.Combine(folder, "commondir");
            var repository = ProjectRoot.RealPath(File.Exists(common) ? Path.GetFullPath(SmallFile.ReadText(common).Trim(), folder) : folder);
            return IsWithin(repository, project.Path) || machinefile.Shares.Any(share => share.HostPath == share.GuestPath && IsWithin(repository, share.GuestPath))
                ? null
                : repository;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // git itself will say what is wrong with it.
            return null;
        }
    }

    private static bool IsWithin(string path, string folder) => path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
}
