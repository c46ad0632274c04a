using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Folders that can be no project: the guest reads all of a project and sends what it likes of it to whoever it may talk to, so a home
/// folder, or keys, must not lie in it. A folder below the home folder is fine.
/// </summary>
internal static class ProjectFolderRule
{
    // Exactly what programs keep secrets in. A folder of that name alone is no proof: repositories have a .config and a .docker of their own.
    private static readonly string[] Secrets =
    [
        ".ssh/id_rsa", ".ssh/id_ed25519", ".ssh/id_ecdsa", ".ssh/id_dsa", ".ssh/id_ed25519_sk", ".ssh/id_ecdsa_sk", ".ssh/authorized_keys",
        ".gnupg/private-keys-v1.d", ".gnupg/secring.gpg", ".aws/credentials", ".aws/sso", ".azure/msal_token_cache.json", ".azure/msal_token_cache.bin", ".azure/accessTokens.json",
        ".kube/config", ".docker/config.json", ".config/gh/hosts.yml", ".config/gcloud", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware", ".config/microsoft-edge",
        ".nuget/NuGet/NuGet.Config", ".git-credentials", ".password-store", ".mozilla/firefox", ".local/share/keyrings", ".local/share/dotnet-machine",
        "Library/Keychains", "AppData/Roaming/NuGet/NuGet.Config", "AppData/Local/Microsoft/Credentials",
    ];

    /// <exception cref="MachineException">It is no folder for a project.</exception>
    public static void Require(ProjectRoot project, HostFacts host)
    {
        if (Why(project.Path, host) is { } why)
        {
            throw new MachineException(
                $"{Printable.Quote(project.Path)} can be no project: {why}, and a machine sees all of its project",
                host.State.Any(folder => FolderPath.Within(folder, project.Path)) && !FolderPath.Within(host.Home, project.Path)
                    ? "set MACHINE_HOME to a folder outside of the project, or put the Machinefile into a smaller folder"
                    : "put the Machinefile into a folder that holds only the project",
                ExitCode.MachineUnavailable);
        }
    }

    private static string? Why(string folder, HostFacts host) =>
        folder == Path.GetPathRoot(folder) ? "it is the whole file system"
        : FolderPath.Within(host.Home, folder) ? "it holds your home folder"
        : SharedFolderRule.IsEverybodys(folder) ? "it holds every user's home folder"
        : host.State.Any(state => FolderPath.Within(state, folder)) ? "it holds this tool's own state, keys and disks of every machine"
        : host.State.Any(state => FolderPath.Within(folder, state)) ? "it lies in this tool's own state"
        : SharedFolderRule.IsCredentials(folder, host) && !IsTemporary(folder) ? "credentials live there"
        : SharedFolderRule.IsSystems(folder, host) && !FolderPath.IsBelow(folder, "/dev/shm") ? "it belongs to the system"
        : Secrets.FirstOrDefault(secret => IsThere(folder, secret)) is { } found ? $"it holds {found}"
        : null;

    // A link is no key: what it leads to is outside of what the guest sees.
    private static bool IsThere(string folder, string secret)
    {
        var path = folder;
        foreach (var name in secret.Split('/'))
        {
            path = Path.Combine(path, name);
            if (new FileInfo(path).LinkTarget is not null)
            {
                return false;
            }
        }

        return Path.Exists(path);
    }

    // On Windows below AppData, where credentials are kept, too.
    private static bool IsTemporary(string folder) => OperatingSystem.IsWindows() && FolderPath.IsBelow(folder, Path.TrimEndingDirectorySeparator(Path.GetTempPath()));
}
