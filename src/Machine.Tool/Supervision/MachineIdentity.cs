using Machine.Tool.Guest;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>Who a machine is: its own ssh host key (pinned), the key of this host that may log in, its host name.</summary>
/// <param name="Files">What the guest reads early in its boot, by name.</param>
internal sealed record MachineIdentity(string PrivateKey, string KnownHosts, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Makes what is missing, keeps what is there.</summary>
    public static async Task<MachineIdentity> EnsureAsync(MachinePaths paths, MachineFolders machine, CancellationToken cancel)
    {
        var hostKey = await EnsureHostLoginKeyAsync(paths, cancel);
        var folder = MachinePaths.CreatePrivate(Path.Combine(machine.State, "identity"));
        var machineKey = Path.Combine(folder, "ssh_host_ed25519_key");
        await EnsureKeyAsync(machineKey, machine.Id, cancel);

        var known = Path.Combine(folder, "known_hosts");
        var publicKey = (await File.ReadAllTextAsync(machineKey + ".pub", cancel)).Split(' ');
        await File.WriteAllTextAsync(known, $"machine {publicKey[0]} {publicKey[1]}\n", cancel);

        var handed = MachinePaths.CreatePrivate(Path.Combine(folder, "handed"));
        return new MachineIdentity(hostKey, known, await IdentityFiles.WriteAsync(handed, machineKey, hostKey + ".pub", machine.Id, cancel));
    }

    /// <summary>One key a host, with which it logs in to its machines.</summary>
    public static async Task<string> EnsureHostLoginKeyAsync(MachinePaths paths, CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(paths.Home);
        var key = Path.Combine(MachinePaths.CreatePrivate(paths.Keys), "id_ed25519");
        using var held = await FileLock.AcquireAsync(Path.Combine(paths.Keys, "lock"), waiting: null, cancel);
        await EnsureKeyAsync(key, "dotnet-machine", cancel);
        return key;
    }

    private static async Task EnsureKeyAsync(string path, string comment, CancellationToken cancel)
    {
        if (File.Exists(path) && File.Exists(path + ".pub"))
        {
            RequireSecret(path);
            return;
        }

        File.Delete(path);
        File.Delete(path + ".pub");
        var temporary = path + ".new";
        File.Delete(temporary);
        await HostProgram.RunAsync(
            HostProgram.Require("ssh-keygen", "openssh-client"), ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", temporary], cancel);

        // The private half last: it is what "exists" means.
        File.Move(temporary + ".pub", path + ".pub", overwrite: true);
        File.Move(temporary, path, overwrite: true);
    }

    // Whoever reads it may log in to machines as root, or answer in their place.
    private static void RequireSecret(string key)
    {
        if (!OperatingSystem.IsWindows() && UnixFile.TryLook(key) is { } found && (found.IsLink || found.Owner != UnixFile.Me || (found.Mode & 0x3F) != 0))
        {
            throw new MachineException(
                $"the private key {key} {(found.IsLink ? "is a link" : found.Owner != UnixFile.Me ? $"belongs to another user ({OwnFolder.Name(found.Owner)})" : $"can be read by other users (its mode is {found.Permissions})")}",
                $"if nobody else can have read it: chmod 600 {key}; else stop all machines and delete it: the next start makes another",
                ExitCode.MachineUnavailable);
        }
    }
}
