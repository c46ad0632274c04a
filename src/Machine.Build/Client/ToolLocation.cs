namespace Machine.Build.Client;

/// <summary>Where dotnet-machine is: named, else by the variable MachineToolPath, else in PATH, else among the user's dotnet tools.</summary>
internal static class ToolLocation
{
    private static bool IsWindows => Path.DirectorySeparatorChar == '\\';

    /// <returns>An absolute path, or null when it is nowhere.</returns>
    public static string? Find(string? named)
    {
        named = string.IsNullOrEmpty(named) ? Environment.GetEnvironmentVariable("MachineToolPath") : named;
        if (!string.IsNullOrEmpty(named))
        {
            return File.Exists(named) ? Path.GetFullPath(named) : null;
        }

        var name = IsWindows ? "dotnet-machine.exe" : "dotnet-machine";
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        // A home in the repository would let the repository's own file be the program; so would a relative folder, which the home is too where it does not exist.
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat(IsOfRepository(home) ? [] : [Path.Combine(home, ".dotnet", "tools")])
            .Where(folder => folder.Length > 0 && Path.IsPathRooted(folder))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    // A home folder that is itself a repository (of dot files) is the user's; one inside of the repository that is built is not.
    private static bool IsOfRepository(string home)
    {
        var below = home.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
        for (var at = Directory.GetCurrentDirectory(); at is not null && Path.GetPathRoot(at) != at; at = Path.GetDirectoryName(at))
        {
            var folder = at.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
            if (folder != below && below.StartsWith(folder, StringComparison.Ordinal) && (Directory.Exists(folder + ".git") || File.Exists(folder + ".git")))
            {
                return true;
            }
        }

        return false;
    }
}
