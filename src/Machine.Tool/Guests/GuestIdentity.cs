using System.Net;
using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>Who a guest is: its own ssh host key (pinned), the key that may log in, its host name.</summary>
/// <param name="LoginKey">Path of the private key that may log in.</param>
/// <param name="HostKey">Path of the guest's own private key.</param>
/// <param name="KnownHosts">File that pins the guest's own key under the alias <c>machine</c>.</param>
/// <param name="Files">What the guest reads early in its boot, by name.</param>
internal sealed record GuestIdentity(string LoginKey, string HostKey, string KnownHosts, IReadOnlyDictionary<string, string> Files)
{
    /// <summary>Makes what is missing in the folder, keeps the keys that are there.</summary>
    /// <exception cref="MachineException">A key is there, and another user may have it.</exception>
    public static async Task<GuestIdentity> EnsureAsync(string folder, string loginKey, string hostName, CancellationToken cancel)
    {
        MachinePaths.CreatePrivate(folder);
        var hostKey = await SshKey.EnsureAsync(Path.Combine(folder, "ssh_host_ed25519_key"), hostName, cancel);

        var known = Path.Combine(folder, "known_hosts");
        var publicKey = (await File.ReadAllTextAsync(hostKey + ".pub", cancel)).Split(' ');
        await File.WriteAllTextAsync(known, $"machine {publicKey[0]} {publicKey[1].Trim()}\n", cancel);

        var handed = MachinePaths.CreatePrivate(Path.Combine(folder, "handed"));
        return new GuestIdentity(loginKey, hostKey, known, await IdentityFiles.WriteAsync(handed, hostKey, loginKey + ".pub", hostName, cancel));
    }

    /// <summary>How this guest is reached.</summary>
    /// <param name="control">Socket of the shared connection.</param>
    public GuestAddress At(IPEndPoint sshd, string control) => new(sshd, LoginKey, KnownHosts, control);
}
