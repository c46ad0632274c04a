using System.Globalization;
using System.Text;

namespace Machine.Build.Records;

/// <summary>
/// Text that came out of the guest, made safe for a terminal, an IDE and a log: no control character, no escape sequence,
/// nothing that turns the direction of writing. What is hidden becomes <c>\x1b</c> or <c>\u202e</c>.
/// </summary>
internal static class CleanText
{
    /// <summary>One line, whatever came in.</summary>
    public static string Line(string text, int most) => RunnerText.Shown(Clean(text, most, lines: false));

    /// <summary>Line breaks and tabs stay: compilers write several lines about one error.</summary>
    public static string Lines(string text, int most) => RunnerText.Shown(Clean(text, most, lines: true));

    private static string Clean(string text, int most, bool lines)
    {
        var clean = new StringBuilder(Math.Min(text.Length, most));
        for (var i = 0; i < text.Length; i++)
        {
            if (clean.Length >= most)
            {
                return clean.Append('…').ToString();
            }

            var c = text[i];
            if (char.IsSurrogatePair(text, i))
            {
                clean.Append(IsDeceptive(CharUnicodeInfo.GetUnicodeCategory(text, i)) ? $"\\u{(int)c:x4}\\u{(int)text[i + 1]:x4}" : text.Substring(i, 2));
                i++;
            }
            else if (!IsDeceptive(CharUnicodeInfo.GetUnicodeCategory(c)) || (lines && (c is '\n' or '\r' or '\t')))
            {
                clean.Append(c);
            }
            else
            {
                clean.Append(c < 0x100 ? $"\\x{(int)c:x2}" : $"\\u{(int)c:x4}");
            }
        }

        return clean.ToString();
    }

    private static bool IsDeceptive(UnicodeCategory category) => category is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
