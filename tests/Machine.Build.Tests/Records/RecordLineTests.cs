using Machine.Build.Records;

namespace Machine.Build.Tests.Records;

public sealed class RecordLineTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("two\nlines\r\nand\ta tab")]
    [InlineData(@"C:\temp\new \\ \t")]
    [InlineData("größer 😀")]
    [InlineData("")]
    public void A_record_survives_its_line(string text)
    {
        var line = RecordLine.Write(new BuildRecord
        {
            Kind = RecordKind.Warning,
            Code = "CS1",
            Subcategory = "s",
            File = @"C:\a b\c.cs",
            Line = 1,
            Column = 2,
            EndLine = 3,
            EndColumn = 4,
            Project = "/p/x.csproj",
            HelpKeyword = "k",
            HelpLink = "l",
            Text = text,
        });

        line.ShouldNotContain('\n');
        var record = RecordLine.TryRead(line)!;
        record.Text.ShouldBe(text);
        record.Kind.ShouldBe(RecordKind.Warning);
        (record.Code, record.Subcategory, record.File, record.Project, record.HelpKeyword, record.HelpLink).ShouldBe(("CS1", "s", @"C:\a b\c.cs", "/p/x.csproj", "k", "l"));
        (record.Line, record.Column, record.EndLine, record.EndColumn).ShouldBe((1, 2, 3, 4));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  Lib -> /p/Lib.dll")]
    [InlineData("##machine-build[2]\tE\t0\t\t\t\t0\t0\t0\t0\t\t\t\tx")]
    [InlineData("##machine-build[1]\tE\t0")]
    [InlineData("##machine-build[1]\tX\t0\t\t\t\t0\t0\t0\t0\t\t\t\tx")]
    public void Other_lines_are_no_records(string line) => RecordLine.TryRead(line).ShouldBeNull();

    [Fact]
    public void What_the_guest_wrote_cannot_drive_a_terminal()
    {
        var record = RecordLine.TryRead(RecordLine.Mark + "E\t9\tC\u001b[2J\t\tf\u202e.cs\t-5\t99999999999\t0\t0\t\t\t\tred\u001b[31m\\n##vso[task]\u0007")!;

        record.Code.ShouldBe(@"C\x1b[2J");
        record.File.ShouldBe(@"f\u202e.cs");
        record.Text.ShouldBe("red\\x1b[31m\n##vso[task]\\x07");
        (record.Line, record.Column, record.Importance).ShouldBe((0, 0, 2));
    }

    [Fact]
    public void A_text_without_end_is_cut()
    {
        var record = RecordLine.TryRead(RecordLine.Write(new BuildRecord { Text = new string('x', 10_000_000) }))!;

        record.Text.Length.ShouldBeLessThanOrEqualTo(RecordLine.MostText + 1);
    }
}
