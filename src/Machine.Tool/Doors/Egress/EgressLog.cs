using Machine.Tool.Hosting;

namespace Machine.Tool.Doors.Egress;

/// <summary>What became of a wish to connect.</summary>
internal enum EgressEnd
{
    Allowed,
    Denied,

    /// <summary>It was allowed, and the server could not be reached.</summary>
    Failed,

    /// <summary>An allowed one has ended.</summary>
    Closed,
}

/// <summary>One line of the log of connections. Names and programs are the guest's word.</summary>
internal sealed record EgressEntry
{
    /// <summary>The same in every line of one connection.</summary>
    public required long Id { get; init; }

    public required DateTimeOffset Time { get; init; }

    public required string Server { get; init; }

    public required int Port { get; init; }

    public required EgressEnd End { get; init; }

    /// <summary>The rule that decided; null where none did.</summary>
    public string? Rule { get; init; }

    public string? Reason { get; init; }

    /// <summary>The rule that would allow it.</summary>
    public string? Wish { get; init; }

    /// <summary>Who asked inside; null where the guest did not tell.</summary>
    public EgressAsker? Asker { get; init; }

    /// <summary>What was asked for, where this host speaks the protocol; null for a connection.</summary>
    public string? Request { get; init; }

    /// <summary>Lines before this one that were too many to be written.</summary>
    public int? Unwritten { get; init; }

    public long? BytesOut { get; init; }

    public long? BytesIn { get; init; }

    /// <summary>Tokens that the model's answer took; null where no model was asked.</summary>
    public long? Tokens { get; init; }
}

/// <summary>A process of the guest, as the guest tells it.</summary>
internal sealed record EgressAsker(int ProcessId, int UserId, string Program);

/// <summary>
/// Every connection that a machine asked for, as JSON lines in the machine's folder. A guest that asks as fast as it can pushes out no line of a
/// connection that stood: those have a measure of their own.
/// </summary>
internal sealed class EgressLog
{
    private const int MostRefusedOfSecond = 50;
    private const int MostCarriedOfSecond = 400;
    private const int LinesBetweenLooks = 500;

    private readonly Lock gate = new();
    private readonly string path;
    private readonly TimeProvider time;
    private long second;
    private int refused;
    private int carried;
    private int written;
    private int unwritten;
    private long last;

    public EgressLog(string path, TimeProvider time)
    {
        this.path = path;
        this.time = time;
        // Of an earlier supervisor; and no connection of this one has the number of one of that one's.
        LogBounds.Keep(path);
        last = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
    }

    /// <summary>Denied since the supervisor began; also what was not written.</summary>
    public int Denied { get; private set; }

    public long NextId() => Interlocked.Increment(ref last);

    /// <summary>A connection was hung up on unheard: too many stood.</summary>
    public void Missed()
    {
        lock (gate)
        {
            Denied++;
            unwritten++;
        }
    }

    public void Add(EgressEntry entry)
    {
        lock (gate)
        {
            Denied += entry.End == EgressEnd.Denied ? 1 : 0;
            var now = time.GetUtcNow().ToUnixTimeSeconds();
            if (now != second)
            {
                (second, refused, carried) = (now, 0, 0);
            }

            if (entry.End is EgressEnd.Allowed or EgressEnd.Closed ? ++carried > MostCarriedOfSecond : ++refused > MostRefusedOfSecond)
            {
                unwritten++;
                return;
            }

            Write(unwritten > 0 ? entry with { Unwritten = unwritten } : entry);
        }
    }

    private void Write(EgressEntry entry)
    {
        try
        {
            JsonLines.Append(path, entry);
            unwritten = 0;
            if (++written % LinesBetweenLooks == 0)
            {
                LogBounds.Keep(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk is no reason to let through, nor to refuse, anything else than the rules say.
            unwritten++;
        }
    }

    /// <summary>Reads what was written, the oldest first; a line cut off by a crash is left out.</summary>
    public static IEnumerable<EgressEntry> Read(string path) => new[] { path + ".1", path }.SelectMany(JsonLines.Read<EgressEntry>);
}
