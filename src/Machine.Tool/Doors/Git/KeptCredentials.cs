using System.Collections.Concurrent;
using Machine.Tool.Doors.Credentials;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>Credentials that were good a while ago, each for the repository where it was: an exchange follows the look at the references, and cannot be sent twice.</summary>
internal sealed class KeptCredentials
{
    private const int Most = 256;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<GitRepository, (GitCredential Credential, DateTimeOffset Until)> kept = new();

    public GitCredential? Find(GitRepository repository) => kept.TryGetValue(repository, out var found) && found.Until > DateTimeOffset.UtcNow ? found.Credential : null;

    public void Keep(GitRepository repository, GitCredential credential)
    {
        if (kept.Count >= Most)
        {
            kept.Clear();
        }

        kept[repository] = (credential, DateTimeOffset.UtcNow + Kept);
    }

    public void Forget(GitRepository repository) => kept.TryRemove(repository, out _);

    /// <summary>It is good at another repository of that server: a guest that asks for one which the server keeps from this user must not make a helper forget it.</summary>
    public bool IsGoodAt(HostName name, int port, GitCredential credential) => kept.Any(one => one.Key.Name == name && one.Key.Port == port && one.Value.Credential == credential);
}
