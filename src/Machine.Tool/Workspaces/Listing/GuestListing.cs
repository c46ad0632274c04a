using System.Globalization;

namespace Machine.Tool.Workspaces.Listing;

/// <summary>What the guest says of one name in its upper layer. Nothing of it is checked yet.</summary>
/// <param name="Type">As <c>find</c> says: f, l, d, c, b, p, s; and w for a whiteout (deleted).</param>
/// <param name="Mode">Permission bits with set-id bits.</param>
internal sealed record GuestEntry(char Type, GuestStamp Stamp, int Mode, byte[] Link, byte[] Path)
{
    public bool Executable => (Mode & 0x49) != 0;
}

/// <summary>Tells one version of a guest's file from another.</summary>
internal sealed record GuestStamp(long SizeBytes, long ModifiedNs, long ChangedNs)
{
    /// <summary>As <c>changes.pl drop</c> compares it.</summary>
    public string ForDrop => $"{SizeBytes} {Math.DivRem(ChangedNs, 1_000_000_000).Quotient}";
}

/// <param name="UpperId">Names the upper layer; another one means that the machine was started anew.</param>
/// <param name="Clock">The guest's clock when the list began.</param>
internal sealed record GuestListing(string UpperId, DateTimeOffset Clock, List<GuestEntry> Entries)
{
    /// <summary>More is no workspace any more, but an attack on the host's memory.</summary>
    public const int MostEntries = 200_000;

    private const int MostPathBytes = 4096;
    private const long MostBytes = 256L << 20;

    public static async Task<GuestListing> ReadAsync(GuestReader reader)
    {
        if (await reader.TextAsync(64) != "machine-changes-1")
        {
            throw new GuestProtocolException("not a list of changes");
        }

        var id = await reader.TextAsync(64);
        if (id.Length != 32 || !id.All(char.IsAsciiHexDigitLower))
        {
            throw new GuestProtocolException("no name of the upper layer");
        }

        var clock = await NumberAsync(reader);
        var entries = new List<GuestEntry>();
        while (await reader.TextAsync(8) is var type && type != "end")
        {
            if (type.Length != 1 || entries.Count == MostEntries || reader.TotalBytes > MostBytes)
            {
                throw new GuestProtocolException(type.Length == 1 ? $"more than {MostEntries} changes" : "a record of no known type");
            }

            var size = await NumberAsync(reader);
            var mode = Convert.ToInt32(await OctalAsync(reader), 8);
            var stamp = new GuestStamp(size, await TimeAsync(reader), await TimeAsync(reader));
            entries.Add(new GuestEntry(type[0], stamp, mode, await reader.FieldAsync(MostPathBytes), await reader.FieldAsync(MostPathBytes)));
        }

        return new GuestListing(id, DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(clock, 0, 253402300799)), entries);
    }

    private static async ValueTask<long> NumberAsync(GuestReader reader) =>
        long.TryParse(await reader.TextAsync(24), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new GuestProtocolException("not a number");

    private static async ValueTask<string> OctalAsync(GuestReader reader) =>
        await reader.TextAsync(6) is { Length: > 0 } text && text.All(c => c is >= '0' and <= '7') ? text : throw new GuestProtocolException("not a mode");

    // Seconds with a fraction, as find prints them: 1700000000.1234567890. Years far away are cut to what fits.
    private static async ValueTask<long> TimeAsync(GuestReader reader) =>
        decimal.TryParse(await reader.TextAsync(40), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? (long)(decimal.Clamp(seconds, -9_000_000_000m, 9_000_000_000m) * 1_000_000_000m)
            : throw new GuestProtocolException("not a time");
}
