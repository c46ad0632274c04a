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
        // A relative folder, which the home is too where it does not exist, would let the project's own folder name the program.
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Concat([Path.Combine(home, ".dotnet", "tools")])
            .Where(folder => folder.Length > 0 && Path.IsPathRooted(folder))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }
}
