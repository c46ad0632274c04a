using System.Globalization;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>
/// Text that came out of the guest, made safe for a terminal: no control characters, no escape sequences, nothing that
/// turns the direction of writing or has no width, nothing over-long. What is hidden becomes <c>\x1b</c> or <c>\u202e</c>.
/// </summary>
internal static class Tainted
{
    public const int MostInLine = 300;

    /// <summary>One line, whatever came in.</summary>
    public static string Line(string text, int most = MostInLine) => Clean(text, most, tabs: false);

    /// <summary>A line of a file's content: tabs stay.</summary>
    public static string Content(string text, int most = 2000) => Clean(text, most, tabs: true);

    /// <summary>A message of several lines, each clean: guests, repositories and registries are quoted in messages.</summary>
    public static string Lines(string text)
    {
        // Most have nothing to clean, and a process that only fails should not load what cleaning needs.
        var clean = true;
        foreach (var c in text)
        {
            clean &= c is '\n' or (>= ' ' and <= '~');
        }

        return clean ? text : string.Join('\n', text.Split('\n').Select(line => Content(line.TrimEnd('\r'), int.MaxValue)));
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
                clean.Append($"\\u{(int)span[0]:x4}");
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
