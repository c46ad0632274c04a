using System.Text;

namespace Machine.Tool.Hosting.Output;

/// <summary>
/// What a guest writes to a pipeline's log, without what the runner obeys: <c>##vso[</c>, <c>##[</c>, <c>##teamcity[</c> anywhere, <c>::name</c> at
/// the beginning of a line. A space after their first character makes them text; all else passes byte for byte.
/// </summary>
/// <remarks>
/// Runners search with the rules of a language, which skip controls and characters without width, and trim a line first; so both are
/// skipped here: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs.
/// </remarks>
internal sealed class RunnerFilter : ByteFilter
{
    // Padding of no width is defused unseen where it is longer.
    private const int Longest = 256;

    private static readonly byte[][] Marks = ["["u8.ToArray(), "vso["u8.ToArray(), "teamcity["u8.ToArray()];

    private readonly byte[] held = new byte[Longest];
    private int count;
    private Line line = Line.Blank;
    private Held holding;

    // Of the mark after the hashes: which, and how many bytes of it are there. Where the second hash is.
    private int mark;
    private int matched;
    private int second;

    private enum Line
    {
        /// <summary>Nothing yet but what is trimmed.</summary>
        Blank,
        Escape,
        Sequence,
        Begun,
    }

    private enum Held
    {
        Nothing,
        Hash,
        Hashes,
        Mark,
        Colon,
        Colons,
    }

    /// <summary>How many commands were made text.</summary>
    public int Defused { get; private set; }

    /// <summary>A whole text at once.</summary>
    public static string Defuse(string text)
    {
        var filter = new RunnerFilter();
        var begun = Encoding.UTF8.GetString(filter.Pass(Encoding.UTF8.GetBytes(text)));
        return begun + Encoding.UTF8.GetString(filter.End());
    }

    protected override int Plain(ReadOnlySpan<byte> part)
    {
        if (holding != Held.Nothing || line != Line.Begun)
        {
            return 0;
        }

        var plain = part.IndexOfAny((byte)'#', (byte)'\n', (byte)'\r');
        return plain < 0 ? part.Length : plain;
    }

    // What follows on the same line is another command's, or the other stream's, and could be the other half.
    protected override void Finish()
    {
        if (count > 0)
        {
            Emit(held[0]);
            Emit((byte)' ');
            Emit(held.AsSpan(1, count - 1));
            (count, holding, line) = (0, Held.Nothing, Line.Begun);
        }
    }

    protected override void Next(byte b)
    {
        if (holding == Held.Nothing)
        {
            Begin(b);
        }
        else if (IsSkipped(b))
        {
            Hold(b);
        }
        else
        {
            Match(b);
        }
    }

    private void Begin(byte b)
    {
        if (b == '#')
        {
            line = Line.Begun;
            holding = Held.Hash;
            Hold(b);
        }
        else if (b == ':' && line == Line.Blank)
        {
            holding = Held.Colon;
            Hold(b);
        }
        else
        {
            line = (line, b) switch
            {
                (_, (byte)'\n' or (byte)'\r') => Line.Blank,
                (Line.Begun, _) => Line.Begun,
                (Line.Escape, (byte)'[') => Line.Sequence,
                (Line.Escape, >= 0x20 and <= 0x2f) => Line.Escape,
                (Line.Escape, _) => Line.Blank,
                (Line.Sequence, >= 0x40 and <= 0x7e) => Line.Blank,
                (Line.Sequence, _) => Line.Sequence,
                (_, 0x1b) => Line.Escape,
                (_, _) => b == ' ' || IsSkipped(b) ? Line.Blank : Line.Begun,
            };
            Emit(b);
        }
    }

    private void Match(byte b)
    {
        var small = (byte)(b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b);
        switch (holding)
        {
            case Held.Hash when b == '#':
                (second, holding) = (count, Held.Hashes);
                Hold(b);
                break;
            case Held.Hashes when b == '#':
                // The last two may be the command's.
                Emit(held.AsSpan(0, second));
                held.AsSpan(second, count - second).CopyTo(held);
                count -= second;
                second = count;
                Hold(b);
                break;
            case Held.Hashes when Array.FindIndex(Marks, known => known[0] == small) is var found and >= 0:
                (mark, matched, holding) = (found, 1, Held.Mark);
                Hold(b);
                DefuseWhole();
                break;
            case Held.Mark when Marks[mark][matched] == small:
                matched++;
                Hold(b);
                DefuseWhole();
                break;
            case Held.Colon when b == ':':
                holding = Held.Colons;
                Hold(b);
                break;
            case Held.Colons when small is >= (byte)'a' and <= (byte)'z':
                Hold(b);
                Defuse();
                break;
            default:
                Release();
                Begin(b);
                break;
        }
    }

    private void DefuseWhole()
    {
        if (holding == Held.Mark && matched == Marks[mark].Length)
        {
            Defuse();
        }
    }

    private void Hold(byte b)
    {
        held[count++] = b;
        if (count == Longest)
        {
            Defuse();
        }
    }

    private void Defuse()
    {
        Defused++;
        Emit(held[0]);
        Emit((byte)' ');
        Emit(held.AsSpan(1, count - 1));
        (count, holding, line) = (0, Held.Nothing, Line.Begun);
    }

    private void Release()
    {
        Emit(held.AsSpan(0, count));
        line = holding == Held.Nothing ? line : Line.Begun;
        (count, holding) = (0, Held.Nothing);
    }

    // Controls, and what may begin or end a character without width; not the first bytes of Latin, Greek, Cyrillic and most of Asia.
    private static bool IsSkipped(byte b) =>
        b is (< 0x20 and not ((byte)'\n' or (byte)'\r')) or (>= 0x7f and not ((>= 0xc3 and <= 0xcb) or (>= 0xce and <= 0xd5) or (>= 0xe4 and <= 0xee)));
}
