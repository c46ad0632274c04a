using Machine.Tool.Hosting;

namespace Machine.Tool.Doors.Egress;

/// <summary>What was denied while somebody watched.</summary>
/// <param name="Servers">The first ones, each server and port once, with who asked first.</param>
/// <param name="Beyond">Connections to yet other servers.</param>
internal sealed record DeniedSummary(IReadOnlyList<(EgressEntry Entry, int Times)> Servers, int Beyond);

/// <summary>Keeps what a door denies from one moment on. However much a guest asks for, what is kept has a bound: the first ones by name, the rest as a number.</summary>
internal sealed class DeniedWatch(Action<DeniedWatch> over) : IDisposable
{
    /// <summary>Servers and ports.</summary>
    public const int MostServers = 50;

    // A relay tells at once who asked; one that does not is not waited for long.
    private static readonly TimeSpan Patience = TimeLimit.Settle(0.3);

    private readonly Lock gate = new();
    private readonly List<Seen> kept = [];
    private int beyond;

    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return kept.Count == 0;
            }
        }
    }

    /// <param name="asker">Completes when the guest has told who asked; null where it is not known.</param>
    public void Note(EgressEntry entry, Task<EgressAsker>? asker)
    {
        lock (gate)
        {
            if (kept.Find(seen => seen.Entry.Port == entry.Port && seen.Entry.Server == entry.Server) is { } known)
            {
                known.Times += known.Times < int.MaxValue ? 1 : 0;
            }
            else if (kept.Count < MostServers)
            {
                kept.Add(new Seen(entry, asker));
            }
            else
            {
                beyond += beyond < int.MaxValue ? 1 : 0;
            }
        }
    }

    /// <summary>Waits a moment for the guest's word on who asked.</summary>
    public async Task<DeniedSummary> SettledAsync()
    {
        List<Seen> seen;
        lock (gate)
        {
            seen = [.. kept];
        }

        await Task.WhenAny(Task.WhenAll(seen.Select(one => one.Asker).OfType<Task<EgressAsker>>()), Task.Delay(Patience));
        lock (gate)
        {
            return new DeniedSummary(
                [.. kept.Select(one => (one.Asker is { IsCompletedSuccessfully: true } asker ? one.Entry with { Asker = asker.Result } : one.Entry, one.Times))],
                beyond);
        }
    }

    public void Dispose() => over(this);

    private sealed class Seen(EgressEntry entry, Task<EgressAsker>? asker)
    {
        public EgressEntry Entry => entry;

        public Task<EgressAsker>? Asker => asker;

        public int Times { get; set; } = 1;
    }
}
