using System.Collections.Concurrent;
using System.Security.Cryptography;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Git;

/// <summary>Transfers that this door gave a machine: the guest has a token for each, and this host the address and its key.</summary>
internal sealed class LfsActions
{
    // A large clone asks for a hundred files at a time, and fetches them before it asks on.
    private const int Most = 4000;

    private static readonly TimeSpan KeptInterval = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, (GitRepository Repository, LfsAction Action, DateTimeOffset Until)> given = new(StringComparer.Ordinal);

    /// <returns>The token.</returns>
    public string Give(GitRepository repository, LfsAction action)
    {
        if (given.Count >= Most)
        {
            var now = DateTimeOffset.UtcNow;
            foreach (var (old, _) in given.Where(one => one.Value.Until < now).ToList())
            {
                given.TryRemove(old, out _);
            }

            if (given.Count >= Most)
            {
                given.Clear();
            }
        }

        var token = RandomNumberGenerator.GetHexString(32, lowercase: true);
        given[token] = (repository, action, DateTimeOffset.UtcNow + KeptInterval);
        return token;
    }

    /// <returns>Null where none was given for that repository.</returns>
    public LfsAction? Find(GitRepository repository, string token) =>
        given.TryGetValue(token, out var found) && found.Repository == repository && found.Until > DateTimeOffset.UtcNow ? found.Action : null;
}
