using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Machine.Tool.Doors.Egress;

/// <summary>Asks for a name's addresses.</summary>
internal interface IHostResolver
{
    /// <returns>Empty where the name has none.</returns>
    /// <exception cref="SocketException">Nobody could be asked.</exception>
    Task<IReadOnlyList<IPAddress>> ResolveAsync(string name, CancellationToken cancel);
}

/// <summary>
/// As every program of this host resolves names: by its hosts file, its name servers, its search list. A machine can ask for names by the thousand, and a
/// lookup holds a thread until it is answered: few at once, on threads of their own, and one for all who ask for a name at the same time.
/// </summary>
internal sealed class SystemResolver : IHostResolver
{
    private const int MostAtOnce = 16;

    // Shorter than any record lives that somebody changes in a hurry.
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    private static readonly SemaphoreSlim Places = new(MostAtOnce);
    private readonly ConcurrentDictionary<string, Task<IReadOnlyList<IPAddress>>> asked = new(StringComparer.Ordinal);

    public static SystemResolver Instance { get; } = new();

    public Task<IReadOnlyList<IPAddress>> ResolveAsync(string name, CancellationToken cancel) => asked.GetOrAdd(name, AskAsync).WaitAsync(cancel);

    private async Task<IReadOnlyList<IPAddress>> AskAsync(string name)
    {
        await Places.WaitAsync();
        try
        {
            return await Task.Factory.StartNew(() => Look(name), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            Places.Release();
            _ = Task.Delay(LookInterval).ContinueWith(_ => asked.TryRemove(name, out var _), TaskScheduler.Default);
        }
    }

    private static IPAddress[] Look(string name)
    {
        try
        {
            return Dns.GetHostAddresses(name);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            return [];
        }
    }
}
