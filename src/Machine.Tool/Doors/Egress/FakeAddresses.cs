using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// Says whether this host's resolver answers every name with an address of 198.18.0.0/15, as VPN clients in "fake-ip" mode do: such an address then stands for the name that was
/// asked for, and the client connects to the real one. Asked only where a name has such an address. Two names that are nobody's to give, and one that does not exist, must
/// each have a different one there: who owns a server's name chooses that name's address, but not these.
/// </summary>
internal sealed class FakeAddresses(IHostResolver resolver)
{
    // Kept by IANA (RFC 6761 §6.5): they have real addresses, and nothing lies below them but www.
    private const string First = "example.com";
    private const string Second = "example.org";

    private static readonly IPNetwork Range = IPNetwork.Parse("198.18.0.0/15");

    // The resolver is asked anew after this: a VPN client is switched on and off.
    private static readonly TimeSpan KnownInterval = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private (Task<bool> Look, DateTimeOffset Time)? known;

    public Task<bool> AreHereAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            if (known is not { } recent || DateTimeOffset.UtcNow - recent.Time > KnownInterval)
            {
                known = recent = (LookAsync(), DateTimeOffset.UtcNow);
            }

            return recent.Look.WaitAsync(cancel);
        }
    }

    // The look goes on when its first asker leaves: others wait for it.
    private async Task<bool> LookAsync()
    {
        var seen = new HashSet<IPAddress>();
        foreach (var name in new[] { First, Second, $"{RandomNumberGenerator.GetHexString(24, lowercase: true)}.{First}" })
        {
            try
            {
                var addresses = await resolver.ResolveAsync(name, CancellationToken.None);
                if (addresses.Count == 0 || !addresses.All(address => Range.Contains(address) && seen.Add(address)))
                {
                    return false;
                }
            }
            catch (SocketException)
            {
                return false;
            }
        }

        return true;
    }
}
