namespace Machine.Tool.Machinefiles.Sources;

/// <summary>
/// Where NuGet keeps the configuration of the user and of the whole host, found without loading NuGet. A file that this list lacked
/// would only be taken for a project's, and asked about.
/// </summary>
internal static class UserConfig
{
    // https://learn.microsoft.com/nuget/consume-packages/configuring-nuget-behavior#config-file-locations-and-uses
    private static string UserFolder => OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "NuGet")
        : Path.Combine(Variable("DOTNET_CLI_HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "NuGet");

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

    // Which of them comes first does not matter here: known is what any of them names.
    private static IEnumerable<string> Below(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder).Where(file => file.EndsWith(".config", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)
        : [];

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
