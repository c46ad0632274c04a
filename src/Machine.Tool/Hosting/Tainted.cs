using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Machine.Tool.Hosting;

/// <summary>
/// Text that came out of the guest, made safe for a terminal: no control characters, no escape sequences, nothing that
/// turns the direction of writing or has no width, nothing over-long. What is hidden becomes <c>\x1b</c> or <c>\u202e</c>.
/// </summary>
internal static partial class Tainted
{
    private const int MostBlanks = 60;

    // Half characters: text that came as UTF-8 holds none.
    private const int FirstByte = 0xDC00;

    public const int MostInLine = 300;

    /// <summary>One line, whatever came in.</summary>
    public static string Line(string text, int most = MostInLine) => Clean(text, most, tabs: false);

    /// <summary>
    /// A line of a file's content, whole: tabs stay; letters of another script that look like Latin ones among them, and spaces that
    /// are none, are spelled out, and a long run of blanks, behind which a line seems to end, is counted.
    /// </summary>
    public static string Content(string text)
    {
        var clean = Clean(LookAlikes(text), int.MaxValue, tabs: true);
        return clean.Length > MostBlanks ? Blanks().Replace(clean, run => $"\\x20{{{run.Length}}}") : clean;
    }

    /// <summary>Text of a file; a byte that is no UTF-8 becomes half a character of its own, so that no two contents are one text.</summary>
    public static string Utf8(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var used);
            if (status == System.Buffers.OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                foreach (var b in bytes[..used])
                {
                    text.Append((char)(FirstByte + b));
                }
            }

            bytes = bytes[used..];
        }

        return text.ToString();
    }

    /// <summary>A message of several lines, each clean: guests, repositories and registries are quoted in messages.</summary>
    public static string Lines(string text)
    {
        // Most have nothing to clean, and a process that only fails should not load what cleaning needs.
        var clean = true;
        foreach (var c in text)
        {
            clean &= c is '\n' or (>= ' ' and <= '~');
        }

        return clean ? text : string.Join('\n', text.Split('\n').Select(line => Clean(line.TrimEnd('\r'), int.MaxValue, tabs: true)));
    }

    /// <summary>The end of what a program of the guest said, a few lines.</summary>
    public static string LastLines(string text, int count) =>
        string.Join('\n', text.TrimEnd().Split('\n').TakeLast(count).Select(line => "  " + Line(line.TrimEnd('\r'))));

    /// <summary>Bytes that should be UTF-8; those that are not become <c>\xff</c>.</summary>
    public static string Bytes(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        while (!bytes.IsEmpty && text.Length <= MostInLine)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var used);
            text.Append(status == System.Buffers.OperationStatus.Done ? Line(rune.ToString()) : Escape(bytes[..used]));
            bytes = bytes[used..];
        }

        return Line(text.ToString());
    }

    /// <summary>True for characters that a terminal or an editor obeys or hides instead of showing.</summary>
    public static bool IsDeceptive(Rune rune) => !IsVisible(rune)
        // Blank, though their category says letter (Hangul fillers, braille blank).
        || rune.Value is 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x2800;

    /// <summary>False for controls, marks without width and what is no character.</summary>
    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    private static string Clean(string text, int most, bool tabs)
    {
        var clean = new StringBuilder(Math.Min(text.Length, most));
        var span = text.AsSpan();
        while (!span.IsEmpty)
        {
            if (clean.Length >= most)
            {
                return clean.Append('…').ToString();
            }

            var status = Rune.DecodeFromUtf16(span, out var rune, out var used);
            if (status != System.Buffers.OperationStatus.Done)
            {
                clean.Append(span[0] is >= (char)(FirstByte + 0x80) and <= (char)(FirstByte + 0xFF) ? $"\\x{span[0] - FirstByte:x2}" : $"\\u{(int)span[0]:x4}");
            }
            else if (IsDeceptive(rune) && !(tabs && rune.Value == '\t'))
            {
                clean.Append(rune.Value < 0x100 ? $"\\x{rune.Value:x2}" : $"\\u{rune.Value:x4}");
            }
            else
            {
                clean.Append(span[..used]);
            }

            span = span[used..];
        }

        return clean.ToString();
    }

    private static string LookAlikes(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length);
        foreach (var word in Words().EnumerateMatches(text))
        {
            var span = text.AsSpan(word.Index, word.Length);
            var isLatin = span.ContainsAnyInRange('a', 'z') || span.ContainsAnyInRange('A', 'Z');
            while (!span.IsEmpty)
            {
                _ = Rune.DecodeFromUtf16(span, out var rune, out var used);
                if (IsFalseBlank(rune) || IsFalseSign(rune.Value) || (isLatin && IsOfOtherScript(rune.Value)))
                {
                    shown.Append($"\\u{rune.Value:x4}");
                }
                else
                {
                    shown.Append(span[..used]);
                }

                span = span[used..];
            }
        }

        return shown.ToString();
    }

    private static bool IsFalseBlank(Rune rune) => rune.Value != ' ' && Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator;

    // Full-width forms, mathematical letters, and signs that stand for ; / ! ' - and the like.
    private static bool IsFalseSign(int rune) =>
        rune is (>= 0xFF01 and <= 0xFF5E) or (>= 0x1D400 and <= 0x1D7FF) or 0x37E or 0x2044 or 0x2215 or 0x29F8 or 0x1C3 or 0x2D0 or 0xA789 or 0x2236 or 0x5C3 or 0x2010 or 0x2011 or 0x2212 or 0x29F9 or 0x2216;

    // Greek, Cyrillic, Armenian, Cherokee, Lisu and Roman numerals: the scripts whose letters pass for Latin ones.
    private static bool IsOfOtherScript(int rune) =>
        rune is (>= 0x370 and <= 0x58F) or (>= 0x13A0 and <= 0x13FF) or (>= 0x1D26 and <= 0x1D2B) or (>= 0x1F00 and <= 0x1FFF) or (>= 0x2160 and <= 0x217F)
            or (>= 0x2C80 and <= 0x2CFF) or (>= 0xA4D0 and <= 0xA4FF) or (>= 0xA640 and <= 0xA69F) or (>= 0xAB70 and <= 0xABBF) or 0x131 or 0x251 or 0x261;

    [GeneratedRegex(@"[\p{L}\p{M}\p{N}_]+|[^\p{L}\p{M}\p{N}_]+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    [GeneratedRegex("[ \t]{60,}", RegexOptions.CultureInvariant)]
    private static partial Regex Blanks();

    private static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes)
        {
            text.Append($"\\x{b:x2}");
        }

        return text.ToString();
    }
}
