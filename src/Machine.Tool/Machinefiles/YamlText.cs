using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Turns the bytes of a file into text that reads to a parser as it reads to a person.</summary>
internal static class YamlText
{
    /// <summary>Far more than any Machinefile needs, little enough that a parser's worst case stays harmless.</summary>
    public const int MostBytes = 256 * 1024;

    /// <exception cref="MachineException">Too large, not UTF-8, or with characters that hide content.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string file)
    {
        var problems = new Problems(file);
        if (bytes.Length > MostBytes)
        {
            problems.Add(1, 1, new Flaw($"the file is larger than {MostBytes / 1024} KiB", "a Machinefile is a page of text"));
            throw problems.ToException();
        }

        var line = 1;
        var column = 1;
        for (var rest = bytes; rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var used) != System.Buffers.OperationStatus.Done)
            {
                problems.Add(line, column, new Flaw("the file is not UTF-8 here", "save it as UTF-8"));
                throw problems.ToException();
            }

            rest = rest[used..];
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + rune.Utf16SequenceLength);
        }

        return Check(Encoding.UTF8.GetString(bytes), file);
    }

    /// <summary>Without its byte order mark, when every character means to YAML what an editor shows.</summary>
    /// <exception cref="MachineException">Some character does not.</exception>
    public static string Check(string text, string file)
    {
        text = text.StartsWith('\ufeff') ? text[1..] : text;
        var problems = new Problems(file);
        if (text.Length > MostBytes)
        {
            problems.Add(1, 1, new Flaw($"the file is larger than {MostBytes / 1024} KiB", "a Machinefile is a page of text"));
            throw problems.ToException();
        }

        var line = 1;
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (FlawAt(text, start, i) is { } flaw)
            {
                problems.Add(line, i - start + 1, flaw);
            }

            if (text[i] == '\n')
            {
                line++;
                start = i + 1;
            }
        }

        problems.ThrowIfAny();
        return text;
    }

    private static Flaw? FlawAt(string text, int lineStart, int i)
    {
        var c = text[i];
        if (Printable.IsDeceptive(text, i))
        {
            return new Flaw($"the character U+{(int)c:X4} is not allowed: it does not show what it does", "remove it");
        }

        // YAML ends a comment there, editors and diffs do not: what follows would take effect unseen.
        if (c == '\r' && (i + 1 == text.Length || text[i + 1] != '\n'))
        {
            return new Flaw("a carriage return alone is not a line end here", "end lines with LF or CRLF");
        }

        // A parser's instructions: passed over by ours, some of them for minutes.
        if (c == '%' && i == lineStart)
        {
            return new Flaw("a line that begins with % is an instruction to a YAML parser, which a Machinefile has none of", "remove it, or indent it");
        }

        return c == '\t' && IsIndentation(text, lineStart, i)
            ? new Flaw("a tab in the indentation", "indent with spaces")
            : null;
    }

    // The first tab of a line that has only blanks before it and something other than a comment after it.
    private static bool IsIndentation(string text, int lineStart, int i)
    {
        if (!text.AsSpan(lineStart, i - lineStart).TrimStart(' ').IsEmpty)
        {
            return false;
        }

        var rest = text.AsSpan(i);
        var end = rest.IndexOfAny('\r', '\n');
        var after = (end < 0 ? rest : rest[..end]).TrimStart("\t ");
        return !after.IsEmpty && after[0] != '#';
    }
}
