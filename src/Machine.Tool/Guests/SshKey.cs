using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>Pairs of ssh keys: the private half in a file, the public one beside it (<c>.pub</c>).</summary>
internal static class SshKey
{
    /// <summary>The key of this host, with which it logs in to its machines.</summary>
    public static async Task<string> EnsureLoginAsync(MachinePaths paths, CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(paths.Home);
        var key = Path.Combine(MachinePaths.CreatePrivate(paths.Keys), "id_ed25519");
        using var held = await FileLock.AcquireAsync(Path.Combine(paths.Keys, "lock"), waiting: null, cancel);
        return await EnsureAsync(key, "dotnet-machine", cancel);
    }

    /// <summary>Makes the pair where it is missing.</summary>
    /// <returns>The path of the private half.</returns>
    /// <exception cref="MachineException">The private half is there, and another user may have it.</exception>
    public static async Task<string> EnsureAsync(string path, string comment, CancellationToken cancel)
    {
        if (File.Exists(path) && File.Exists(path + ".pub"))
        {
            RequireSecret(path);
            return path;
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
        return path;
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
