using System.Text;

namespace Machine.Tool.Doors.Secrets;

/// <summary>
/// Reads along in a model's answer for how many tokens it took, and changes nothing of it: the <c>usage</c> of Anthropic's messages and of OpenAI's chat and
/// responses, in one document or in events. What the model itself writes can't pass for it: there each quote has a backslash before it.
/// </summary>
internal sealed class TokenMeter
{
    private static readonly string[] Words = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"];

    // A key, blanks and a number may lie across two pieces.
    private const int Overlap = 96;
    private const long MostOfOne = 1_000_000_000;

    // A token is some four letters, an event of a stream one token or more, and a model writes no more than so many in a second.
    private const int BytesOfToken = 4;
    private const int TokensOfSecond = 100;

    private readonly byte[][] keys = [.. Words.Select(word => Encoding.ASCII.GetBytes($"\"{word}\""))];
    private readonly long[] most = new long[Words.Length];
    private byte[] tail = [];
    private byte last;

    public long BytesIn { get; private set; }

    public long BytesOut { get; set; }

    /// <summary>It is a stream of events; elsewhere two line ends mean nothing.</summary>
    public bool IsEventStream { get; set; }

    private long Events { get; set; }

    /// <summary>A piece of the answer.</summary>
    public void Read(ReadOnlySpan<byte> piece)
    {
        BytesIn += piece.Length;
        foreach (var one in piece)
        {
            Events += one == '\n' && last == '\n' ? 1 : 0;
            last = one;
        }

        byte[] joined = [.. tail, .. piece];
        Scan(joined, atBeginning: BytesIn == joined.Length);
        tail = joined.Length <= Overlap ? joined : joined[^Overlap..];
    }

    /// <param name="isWhole">The answer came to its end.</param>
    /// <param name="time">How long the model was at work.</param>
    /// <returns>As the answer says, or an estimate where it did not come to the place that says so: whoever hangs up early has paid for what was made meanwhile.</returns>
    public long Tokens(bool isWhole, TimeSpan time)
    {
        var told = most.Sum();
        var hasOutput = most[3] + most[5] > 0;
        var seen = IsEventStream ? Events : BytesIn / BytesOfToken;
        return isWhole && hasOutput ? told : Math.Max(told, (BytesOut / BytesOfToken) + Math.Max(seen, (long)(time.TotalSeconds * TokensOfSecond)));
    }

    private void Scan(ReadOnlySpan<byte> text, bool atBeginning)
    {
        for (var at = 0; at < text.Length; at++)
        {
            // Of the first byte of a later piece nobody knows what was before it; it was looked at with the piece before.
            if (text[at] != '"' || (at == 0 ? !atBeginning : text[at - 1] == '\\'))
            {
                continue;
            }

            for (var word = 0; word < keys.Length; word++)
            {
                if (text[at..].StartsWith(keys[word]))
                {
                    most[word] = Math.Max(most[word], Number(text[(at + keys[word].Length)..]));
                }
            }
        }
    }

    private static long Number(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty || text[0] != ':')
        {
            return 0;
        }

        long number = 0;
        foreach (var digit in text[1..].TrimStart(" \t\r\n"u8))
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                break;
            }

            number = Math.Min(MostOfOne, (number * 10) + digit - '0');
        }

        return number;
    }
}
