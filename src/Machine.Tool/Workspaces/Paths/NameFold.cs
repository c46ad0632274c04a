using System.Text;

namespace Machine.Tool.Workspaces.Paths;

/// <summary>
/// Names as the most forgiving file system compares them: compatibility forms (ligatures, full-width letters) and case are one.
/// This process runs without ICU (InvariantGlobalization), where <see cref="string.Normalize()"/> does nothing: the table is eng/fold-table.py's.
/// </summary>
internal static class NameFold
{
    private const int HangulFirst = 0xAC00;
    private const int HangulLast = 0xD7A3;
    private const int VowelsAndTails = 588;
    private const int Tails = 28;

    // Read when the first name that is not ASCII comes.
    private static readonly Lazy<Dictionary<int, string>> Table = new(Read);

    public static string Of(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text.ToLowerInvariant();
        }

        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= HangulFirst and <= HangulLast)
            {
                AppendHangul(folded, rune.Value - HangulFirst);
            }
            else
            {
                // The dotless i is no letter of its own to every file system's case table.
                folded.Append(rune.Value == 0x131 ? "i" : Table.Value.GetValueOrDefault(rune.Value) ?? rune.ToString().ToLowerInvariant());
            }
        }

        return WithMarksInOrder(folded);
    }

    /// <summary>The name that a file system finds by this one: without ignorable characters, streams, dots and spaces at its end.</summary>
    public static string OfEntry(string name)
    {
        var stream = name.IndexOf(':', StringComparison.Ordinal);
        var text = stream < 0 ? name : name[..stream];
        return Of(text.Any(IsIgnorable) ? string.Concat(text.Where(c => !IsIgnorable(c))) : text).TrimEnd('.', ' ');
    }

    /// <summary>A name such as <c>GIT~1</c>, by which Windows means another file.</summary>
    public static bool IsShort(string name)
    {
        var tilde = name.IndexOf('~', StringComparison.Ordinal);
        return tilde is > 0 and <= 8 && tilde + 1 < name.Length && char.IsAsciiDigit(name[tilde + 1])
            && name.AsSpan(tilde + 1).TrimStart("0123456789") is { Length: <= 4 } rest && (rest.IsEmpty || rest[0] == '.');
    }

    private static bool IsIgnorable(char c) =>
        c is >= '\u200c' and <= '\u200f' or >= '\u202a' and <= '\u202e' or >= '\u2060' and <= '\u206f' or '\ufeff' or '\u00ad';

    private static void AppendHangul(StringBuilder folded, int index)
    {
        folded.Append((char)(0x1100 + (index / VowelsAndTails))).Append((char)(0x1161 + (index % VowelsAndTails / Tails)));
        if (index % Tails is > 0 and var tail)
        {
            folded.Append((char)(0x11A7 + tail));
        }
    }

    // Two orders of the same marks are one name; sorting takes a few more for one, which costs them a refusal at most.
    private static string WithMarksInOrder(StringBuilder text)
    {
        var letters = text.ToString().ToCharArray();
        for (var i = 0; i < letters.Length; i++)
        {
            var end = i;
            while (end < letters.Length && char.GetUnicodeCategory(letters[end]) == System.Globalization.UnicodeCategory.NonSpacingMark)
            {
                end++;
            }

            if (end > i)
            {
                Array.Sort(letters, i, end - i);
                i = end;
            }
        }

        return new string(letters);
    }

    private static Dictionary<int, string> Read()
    {
        using var stream = typeof(NameFold).Assembly.GetManifestResourceStream("Workspaces/fold.txt")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var table = new Dictionary<int, string>();
        foreach (var line in reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var rune = Rune.GetRuneAt(line, 0);
            table[rune.Value] = line[rune.Utf16SequenceLength..];
        }

        return table;
    }
}
