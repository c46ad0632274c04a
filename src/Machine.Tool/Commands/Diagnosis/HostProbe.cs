using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Diagnosis;

/// <summary>What the checks ask of this host; tests answer as another host would.</summary>
internal sealed record HostProbe
{
    public required Func<string, string?> FindProgram { get; init; }

    /// <summary>Runs a program to its end.</summary>
    public required Func<string, string[], CancellationToken, Task<ProgramResult>> Run { get; init; }

    /// <summary>Null where the file is missing or may not be read.</summary>
    public required Func<string, string?> ReadFile { get; init; }

    /// <summary>Bytes that this user may still write there; null where nobody tells.</summary>
    public required Func<string, long?> FreeBytes { get; init; }

    public required HostUser User { get; init; }

    public required bool IsLinux { get; init; }

    public bool IsRoot => User.UserId == 0;

    public static HostProbe ThisHost { get; } = new()
    {
        FindProgram = HostProgram.Find,
        // Not in the project: its global.json would have a say in what dotnet answers.
        Run = (program, arguments, cancel) => HostProgram.TryRunAsync(program, arguments, cancel, folder: HostProgram.OutsideOfProjects),
        ReadFile = TryReadFile,
        FreeBytes = TryFreeBytes,
        User = HostUser.Current,
        IsLinux = OperatingSystem.IsLinux(),
    };

    private static string? TryReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // The nearest folder that exists: state is made when it is first needed.
    private static long? TryFreeBytes(string folder)
    {
        for (var here = folder; here is not null; here = Path.GetDirectoryName(here))
        {
            if (Directory.Exists(here))
            {
                try
                {
                    return new DriveInfo(here).AvailableFreeSpace;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
                {
                    return null;
                }
            }
        }

        return null;
    }
}
