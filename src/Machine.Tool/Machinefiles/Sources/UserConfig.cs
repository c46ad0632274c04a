using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Sources;

/// <summary>
/// Where NuGet keeps the configuration of the user and of the whole host, found without loading NuGet. A file that this list lacked
/// would only be taken for a project's, and asked about.
/// </summary>
internal static class UserConfig
{
    // https://learn.microsoft.com/nuget/consume-packages/configuring-nuget-behavior#config-file-locations-and-uses
    private static string UserFolder => OperatingSystem.IsWindows()
        ? Path.Combine(UserHome.Settings ?? UserHome.Folder, "NuGet")
        : Path.Combine(Variable("DOTNET_CLI_HOME") ?? UserHome.Folder, ".nuget", "NuGet");

    private static string HostFolder => Path.Combine(
        Variable("NUGET_COMMON_APPLICATION_DATA") ?? (
            OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.ProgramFilesX86)
            : OperatingSystem.IsMacOS() ? "/Library/Application Support"
            : "/etc/opt"),
        "NuGet", "Config");

    /// <summary>The files that are there, the nearest to the user first.</summary>
    public static IReadOnlyList<string> Files()
    {
        var user = Path.Combine(UserFolder, "NuGet.Config");
        return [.. File.Exists(user) ? [user] : Array.Empty<string>(), .. Below(Path.Combine(UserFolder, "config")), .. Below(HostFolder)];
    }

    /// <summary>
    /// What lies in the repository is never the user's, whatever variable leads there (pipelines put <c>DOTNET_CLI_HOME</c> into the
    /// checkout): NuGet would read its sources, put this host's variables into them, and run the plug-ins that lie beside it.
    /// </summary>
    /// <exception cref="MachineException">A variable of this host leads into the project, or the repository that holds it.</exception>
    public static void RequireOutside(ProjectRoot project)
    {
        var repository = RepositoryOf(project.Path);
        foreach (var name in new[] { OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME", "DOTNET_CLI_HOME", "NUGET_COMMON_APPLICATION_DATA", "NPM_CONFIG_USERCONFIG", "npm_config_userconfig", "PIP_CONFIG_FILE", "NETRC", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "MACHINE_HOME", "XDG_DATA_HOME" })
        {
            // The last names several; a folder's name may hold what parts them.
            if (Variable(name) is { } value
                && value.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(value)
                    .SelectMany(place => new[] { Path.GetFullPath(place), ProjectRoot.RealPath(place) }).Any(place => FolderPath.Within(place, repository)))
            {
                throw new MachineException(
                    $"{name} leads into the project ({Printable.Escape(value)}): what lies there would count as your own",
                    $"set {name} to a folder outside of {Printable.Escape(repository)}, or take it away",
                    ExitCode.MachineUnavailable);
            }
        }
    }

    // A home folder that is itself a repository (of dot files) is the user's; one inside of a repository is not.
    private static string RepositoryOf(string folder)
    {
        var home = ProjectRoot.RealPath(UserHome.Folder);
        for (var at = folder; at is not null && !FolderPath.Same(home, at) && at != Path.GetPathRoot(at); at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Combine(at, ".git")))
            {
                return at;
            }
        }

        return folder;
    }

    // Which of them comes first does not matter here: known is what any of them names.
    private static IEnumerable<string> Below(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Where(file => file.EndsWith(".config", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)
        : [];

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
