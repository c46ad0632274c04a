using System.Globalization;
using System.Text;

namespace Machine.Build.Records;

/// <summary>
/// A record as one line of text: a mark, then fields between tabs, so that it can travel in a command's output among
/// other lines. The mark holds the format's version. It is no secret: whoever builds can report errors anyway.
/// </summary>
internal static class RecordLine
{
    public const string Mark = "##machine-build[1]\t";

    /// <summary>Longest text of one record, in characters; the rest is cut off.</summary>
    public const int MostText = 32 * 1024;

    private const int MostField = 4096;
    private const int Fields = 13;

    public static string Write(BuildRecord record)
    {
        var line = new StringBuilder(Mark, 256);
        line.Append("EWMC"[(int)record.Kind]).Append('\t').Append(Number(record.Importance));
        foreach (var field in new[] { record.Code, record.Subcategory, record.File })
        {
            Escape(line.Append('\t'), field, MostField);
        }

        foreach (var number in new[] { record.Line, record.Column, record.EndLine, record.EndColumn })
        {
            line.Append('\t').Append(Number(number));
        }

        foreach (var field in new[] { record.Project, record.HelpKeyword, record.HelpLink })
        {
            Escape(line.Append('\t'), field, MostField);
        }

        Escape(line.Append('\t'), record.Text, MostText);
        return line.ToString();
    }

    /// <returns>Null when the line is no record of this version; it is then a line of the command's own.</returns>
    public static BuildRecord? TryRead(string line)
    {
        if (!line.StartsWith(Mark, StringComparison.Ordinal))
        {
            return null;
        }

        var fields = line.Substring(Mark.Length).Split('\t');
        var kind = fields[0].Length == 1 ? "EWMC".IndexOf(fields[0][0]) : -1;
        return fields.Length != Fields || kind < 0 ? null : new BuildRecord
        {
            Kind = (RecordKind)kind,
            Importance = Math.Min(2, Number(fields[1])),
            Code = Field(fields[2]),
            Subcategory = Field(fields[3]),
            File = Field(fields[4]),
            Line = Number(fields[5]),
            Column = Number(fields[6]),
            EndLine = Number(fields[7]),
            EndColumn = Number(fields[8]),
            Project = Field(fields[9]),
            HelpKeyword = Field(fields[10]),
            HelpLink = Field(fields[11]),
            Text = CleanText.Lines(Unescape(fields[12]), MostText),
        };
    }

    private static string Field(string field) => CleanText.Line(Unescape(field), MostField);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static void Escape(StringBuilder line, string text, int most)
    {
        for (var i = 0; i < text.Length && i < most; i++)
        {
            _ = text[i] switch
            {
                '\\' => line.Append(@"\\"),
                '\t' => line.Append(@"\t"),
                '\n' => line.Append(@"\n"),
                '\r' => line.Append(@"\r"),
                var c => line.Append(c),
            };
        }
    }

    private static string Unescape(string field)
    {
        if (field.IndexOf('\\') < 0)
        {
            return field;
        }

        var text = new StringBuilder(field.Length);
        for (var i = 0; i < field.Length; i++)
        {
            var escaped = field[i] == '\\' && i + 1 < field.Length;
            text.Append(!escaped ? field[i] : field[++i] switch
            {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                var c => c,
            });
        }

        return text.ToString();
    }
}
