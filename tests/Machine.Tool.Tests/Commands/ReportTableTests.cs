using Machine.Tool.Commands;
using Spectre.Console;

namespace Machine.Tool.Tests.Commands;

public sealed class ReportTableTests
{
    [Fact]
    public void Without_a_terminal_columns_align_and_no_line_is_wrapped()
    {
        var table = new ReportTable("NAME", "SIZE");
        table.Add("a", "1 B");
        table.Add(new string('n', 300), "12 GiB");

        var lines = table.Plain().TrimEnd('\n').Split('\n');

        lines.ShouldBe(["NAME" + new string(' ', 298) + "SIZE", "a" + new string(' ', 301) + "1 B", new string('n', 300) + "  12 GiB"]);
    }

    [Fact]
    public void Wide_characters_count_for_the_cells_they_take()
    {
        var table = new ReportTable("NAME", "X");
        table.Add("漢字漢字", "1");
        table.Add("abc", "2");

        table.Plain().ShouldBe("NAME      X\n漢字漢字  1\nabc       2\n");
    }

    [Fact]
    public void On_a_terminal_a_name_with_brackets_is_a_name_and_no_markup()
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        var table = new ReportTable("NAME", "STATE");
        table.Add("[red]x[/]", "[oops");

        table.Draw(console);

        text.ToString().ShouldContain("[red]x[/]");
        text.ToString().ShouldContain("[oops");
    }
}
