using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Folders of the host that no Machinefile can share, not even with a person's yes: what is in them is never what a build
/// needs and always what an attacker wants. Everything else is the person's decision (<see cref="MachinePlan"/>).
/// </summary>
internal static class SharedFolderRule
{
    private static readonly string[] System =
    [
        "/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/etc", "/root", "/private/etc", "/System", "/Library", @"C:\Windows", @"C:\Program Files", @"C:\ProgramData",
    ];

    private static readonly string[] Programs =
    [
        "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr", "/opt", "/var/lib", "/var/spool", "/Applications",
    ];

    private static readonly string[] Everybody = ["/home", "/Users", @"C:\Users"];

    private static readonly string[] Credentials =
    [
        ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config", ".microsoft", ".nuget/NuGet", ".password-store", ".mozilla",
        ".local/share/keyrings", "Library/Keychains", "Library/Application Support", "AppData",
    ];

    private static readonly StringComparison Comparison =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <param name="folder">Its real path.</param>
    public static Flaw? Check(string folder, bool write, ProjectRoot project, HostFacts host)
    {
        var why =
            folder == Path.GetPathRoot(folder) ? "it is the whole file system"
            : Within(host.Home, folder) ? "it holds your home folder"
            : Everybody.Any(f => Same(folder, f)) ? "it holds every user's home folder"
            : host.State.Any(f => Within(folder, f) || Within(f, folder)) ? "it holds this tool's own state"
            : Credentials.Select(f => Path.Combine(host.Home, Native(f))).Any(f => Within(folder, f) || Within(f, folder)) ? "credentials live there"
            : System.Any(f => Within(folder, f)) && !Within(folder, host.Home) && !Within(folder, "/run/media") ? "it belongs to the system"
            : write ? WriteFlaw(folder, project, host)
            : null;
        return why is null
            ? null
            : new Flaw($"{Printable.Quote(folder)} can't be shared{(write ? " for writing" : "")}: {why}", "share a folder that holds only what the guest needs");
    }

    /// <summary>The guest reads all of the project, so keys and other machines' disks must not lie in it.</summary>
    /// <exception cref="MachineException">They do: MACHINE_HOME leads into the project, or the project is the whole home folder.</exception>
    public static void RequireStateOutside(ProjectRoot project, HostFacts host)
    {
        if (host.State.FirstOrDefault(folder => Within(folder, project.Path)) is { } inside)
        {
            throw new MachineException(
                $"the project {project.Path} holds this tool's own state ({inside}): keys and disks of every machine, which no guest may see",
                "set MACHINE_HOME to a folder outside of the project, or put the Machinefile into a smaller folder",
                ExitCode.MachineUnavailable);
        }
    }

    private static string? WriteFlaw(string folder, ProjectRoot project, HostFacts host) =>
        Programs.Any(f => Within(folder, f)) && !Within(folder, host.Home) ? "programs of this host live there"
        : Within(project.Path, folder) ? "it holds the project, which the guest never writes directly"
        : Within(folder, project.Path) ? "it is in the project, which the guest never writes directly (workspace.outputs bring files back)"
        : Within(folder, host.Home) && HasDotFolder(folder[host.Home.Length..]) ? "programs of this host trust what is in it"
        : null;

    private static bool HasDotFolder(string relative) =>
        relative.Split(Path.DirectorySeparatorChar).Any(segment => segment.StartsWith('.'));

    private static bool Same(string a, string b) => string.Equals(a, b, Comparison);

    private static string Native(string path) => path.Replace('/', Path.DirectorySeparatorChar);

    private static bool Within(string path, string folder) =>
        Same(path, folder) || path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, Comparison);
}
