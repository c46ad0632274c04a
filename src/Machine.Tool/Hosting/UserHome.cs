namespace Machine.Tool.Hosting;

/// <summary>
/// The user's home folder, whether it exists or not: service accounts have one that does not. .NET gives an empty path for it then, and what is
/// looked for below it would be looked for in the folder that the command runs in, which is a project's.
/// </summary>
internal static class UserHome
{
    /// <summary>Null where this host knows none, or one that is no whole path.</summary>
    public static string? Known => Whole(Environment.SpecialFolder.UserProfile);

    /// <exception cref="MachineException">This user has none.</exception>
    public static string Folder => Known ?? throw new MachineException(
        $"this user has no home folder ({(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME")} is no whole path)",
        "set it to a folder of yours that is outside of the project",
        ExitCode.MachineUnavailable);

    /// <summary>Where programs keep data of this user (<c>XDG_DATA_HOME</c>, else below the home folder). Null as for <see cref="Known"/>.</summary>
    public static string? Data => Whole(Environment.SpecialFolder.LocalApplicationData);

    /// <summary>Where programs keep this user's settings. Null as for <see cref="Known"/>.</summary>
    public static string? Settings => Whole(Environment.SpecialFolder.ApplicationData);

    private static string? Whole(Environment.SpecialFolder folder) =>
        Environment.GetFolderPath(folder, Environment.SpecialFolderOption.DoNotVerify) is { } path && Path.IsPathFullyQualified(path) ? path : null;
}
