using System.Text;
using Machine.Tool.Hosting;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Machine.Tool.Commands;

/// <summary>Rows under headings: drawn on a terminal, aligned with spaces elsewhere, so that <c>awk</c> and <c>grep</c> can read it.</summary>
internal sealed class ReportTable(params string[] headings)
{
    private readonly List<string[]> rows = [];

    /// <param name="cells">As they are to be seen: text of a guest is cleaned before.</param>
    public void Add(params string[] cells) => rows.Add(cells);

    public void Print()
    {
        if (Terminal.OutputIsTerminal)
        {
            Draw(AnsiConsole.Console);
        }
        else
        {
            Console.Out.Write(Plain());
        }
    }

    /// <summary>One line a row, never wrapped: columns as wide as their widest cell, two spaces between.</summary>
    internal string Plain()
    {
        var all = rows.Prepend(headings).ToList();
        var widths = headings.Select((_, column) => all.Max(row => Width(row[column]))).ToArray();
        var text = new StringBuilder();
        foreach (var row in all)
        {
            var line = new StringBuilder();
            for (var column = 0; column < row.Length; column++)
            {
                line.Append(row[column]).Append(' ', widths[column] - Width(row[column]) + 2);
            }

            text.Append(line.ToString().TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    internal void Draw(IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        table.Columns[^1].NoWrap = false;
        foreach (var row in rows)
        {
            // Text, not markup: a name may hold brackets.
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        console.Write(table);
    }

    // Wide characters (漢) take two cells.
    private static int Width(string cell) => new Segment(cell).CellCount();
}
