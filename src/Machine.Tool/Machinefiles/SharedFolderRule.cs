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

    /// <param name="folder">Its real path.</param>
    public static Flaw? Check(string folder, bool write, ProjectRoot project, HostFacts host)
    {
        var why =
            folder == Path.GetPathRoot(folder) ? "it is the whole file system"
            : FolderPath.Within(host.Home, folder) ? "it holds your home folder"
            : IsEverybodys(folder) ? "it holds every user's home folder"
            : host.State.Any(f => FolderPath.Within(folder, f) || FolderPath.Within(f, folder)) ? "it holds this tool's own state"
            : IsCredentials(folder, host) ? "credentials live there"
            : IsSystems(folder, host) ? "it belongs to the system"
            : write ? WriteFlaw(folder, project, host)
            : null;
        return why is null
            ? null
            : new Flaw($"{Printable.Quote(folder)} can't be shared{(write ? " for writing" : "")}: {why}", "share a folder that holds only what the guest needs");
    }

    /// <summary>The folder of all home folders.</summary>
    public static bool IsEverybodys(string folder) => Everybody.Any(f => FolderPath.Same(folder, f));

    /// <summary>In a folder that holds credentials, or around one.</summary>
    public static bool IsCredentials(string folder, HostFacts host) =>
        Credentials.Select(f => Path.Combine(host.Home, Native(f))).Any(f => FolderPath.Within(folder, f) || FolderPath.Within(f, folder));

    public static bool IsSystems(string folder, HostFacts host) =>
        System.Any(f => FolderPath.Within(folder, f)) && !FolderPath.Within(folder, host.Home) && !FolderPath.Within(folder, "/run/media");

    /// <summary>
    /// A folder that the guest writes holds no other share: through the one it would change what the other shows, or put a link in its place.
    /// </summary>
    public static Flaw? CheckTogether(string folder, bool write, IEnumerable<Share> others)
    {
        foreach (var other in others)
        {
            var why =
                FolderPath.Same(folder, other.HostPath) ? write == other.Write ? null : "is shared twice, once for writing"
                : write && FolderPath.Within(other.HostPath, folder) ? $"is shared for writing, and holds another share, {Printable.Quote(other.HostPath)}"
                : other.Write && FolderPath.Within(folder, other.HostPath) ? $"lies in another share, {Printable.Quote(other.HostPath)}, which the guest may write"
                : null;
            if (why is not null)
            {
                return new Flaw($"{Printable.Quote(folder)} {why}", "share folders that lie beside one another, or the outer one alone");
            }
        }

        return null;
    }

    /// <summary>
    /// The same rules once more, right before a machine starts: a folder may have been moved, and a link put in its place, since a person
    /// said yes to it.
    /// </summary>
    /// <exception cref="MachineException">One is not what was approved, or may not be shared at all.</exception>
    public static void RequireUnchanged(IReadOnlyList<Share> shares, ProjectRoot project, HostFacts host)
    {
        List<Share> earlier = [];
        foreach (var share in shares)
        {
            var real = ProjectRoot.RealPath(share.HostPath);
            var flaw =
                !FolderPath.Same(real, share.HostPath) ? new Flaw($"the shared folder {Printable.Quote(share.HostPath)} now leads to {Printable.Quote(real)}", "put the folder back, or correct shares: and approve it anew")
                : !Directory.Exists(real) ? new Flaw($"the shared folder {Printable.Quote(real)} is gone", "put it back, or take it out of shares:")
                : Check(real, share.Write, project, host) ?? CheckTogether(real, share.Write, earlier);
            if (flaw is not null)
            {
                throw new MachineException(flaw.What, flaw.Remedy, ExitCode.MachineUnavailable);
            }

            earlier.Add(share);
        }

        if (shares.FirstOrDefault(share => share.Write) is { } written && !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            throw new MachineException(
                $"the folder {Printable.Quote(written.HostPath)} is shared for writing, and root runs the tool: the guest would write files as this host's root",
                "run the tool as an ordinary user, or share the folder without write: true",
                ExitCode.MachineUnavailable);
        }
    }

    private static string? WriteFlaw(string folder, ProjectRoot project, HostFacts host) =>
        Programs.Any(f => FolderPath.Within(folder, f)) && !FolderPath.Within(folder, host.Home) ? "programs of this host live there"
        : FolderPath.Within(project.Path, folder) ? "it holds the project, which the guest never writes directly"
        : FolderPath.Within(folder, project.Path) ? "it is in the project, which the guest never writes directly (workspace.outputs bring files back)"
        : FolderPath.Within(folder, host.Home) && HasDotFolder(folder[host.Home.Length..]) ? "programs of this host trust what is in it"
        : null;

    private static bool HasDotFolder(string relative) =>
        relative.Split(Path.DirectorySeparatorChar).Any(segment => segment.StartsWith('.'));

    private static string Native(string path) => path.Replace('/', Path.DirectorySeparatorChar);
}
