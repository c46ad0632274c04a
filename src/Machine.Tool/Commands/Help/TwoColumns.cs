namespace Machine.Tool.Commands.Help;

internal sealed record HelpRow(string Name, string? Text);

internal sealed record HelpSection(string Title, IReadOnlyList<HelpRow> Rows);

/// <summary>Sections of names and what each means, in columns that all sections share; on a terminal the second one is wrapped.</summary>
internal static class TwoColumns
{
    // A column of words narrower than this is harder to read than lines that the terminal breaks.
    private const int Narrowest = 30;

    public static void Write(TextWriter output, int width, IReadOnlyList<HelpSection> sections)
    {
        var column = sections.SelectMany(section => section.Rows).Max(row => row.Name.Length) + 4;
        foreach (var section in sections)
        {
            output.WriteLine($"{section.Title}:");
            foreach (var row in section.Rows)
            {
                var lines = Wrap(row.Text ?? "", width - column);
                output.WriteLine($"  {row.Name}".PadRight(column) + string.Join(Environment.NewLine + new string(' ', column), lines));
            }

            output.WriteLine();
        }
    }

    private static List<string> Wrap(string text, int width)
    {
        if (width < Narrowest)
        {
            return [text];
        }

        List<string> lines = [""];
        foreach (var word in text.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + 1 + word.Length >= width)
            {
                lines.Add(word);
            }
            else
            {
                lines[^1] += lines[^1].Length > 0 ? " " + word : word;
            }
        }

        return lines;
    }
}
