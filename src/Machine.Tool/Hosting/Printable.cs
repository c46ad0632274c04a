using System.Globalization;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>
/// Text of a file that somebody else may have written, fit for a terminal: no escape sequence, no character that reorders
/// or hides what a person is about to approve.
/// </summary>
internal static class Printable
{
    private const int Longest = 80;

    /// <summary>For messages: shortened, in backticks.</summary>
    public static string Quote(string text)
    {
        var safe = Escape(text);
        return safe.Length > Longest ? $"`{safe[..Longest]}…`" : $"`{safe}`";
    }

    /// <summary>Whole, with everything invisible spelled out.</summary>
    public static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Tainted.IsVisible(rune))
            {
                safe.Append(rune);
            }
            else
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            }
        }

        return safe.ToString();
    }

    /// <summary>
    /// Characters that no editor shows as what YAML or a terminal makes of them: controls, other line breaks, marks that reorder
    /// text (CVE-2021-42574), half a surrogate pair.
    /// </summary>
    public static bool IsDeceptive(string text, int i) => IsDeceptive(text[i]) || IsLoneSurrogate(text, i);

    private static bool IsDeceptive(char c) =>
        (char.IsControl(c) && c is not ('\n' or '\r' or '\t'))
        || c is '\u2028' or '\u2029' or '\ufeff' or '\u061c' or '\u200e' or '\u200f'
        || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static bool IsLoneSurrogate(string text, int i) =>
        (char.IsHighSurrogate(text[i]) && (i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])))
        || (char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1])));
}
