using Machine.Tool.Commands;

namespace Machine.Tool.Tests.Commands;

public sealed class LogFileTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory("machine-log-").FullName, "console.log");

    private LogFile Log => field ??= new LogFile("console", path);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    [Fact]
    public void The_last_lines_are_shown_and_then_what_comes()
    {
        File.WriteAllText(path, "one\ntwo\nthree\n");

        Log.Last(2).ShouldBe(["two", "three"]);
        Log.Next().ShouldBeEmpty();
        File.AppendAllText(path, "four\nfi");
        Log.Next().ShouldBe(["four"]);
        File.AppendAllText(path, "ve\n");
        Log.Next().ShouldBe(["five"]);
    }

    [Fact]
    public void A_log_that_begins_anew_is_read_from_its_beginning()
    {
        File.WriteAllText(path, "a long line of the machine before\n");
        Log.Last(10);

        File.WriteAllText(path, "new\n");

        Log.Next().ShouldBe(["new"]);
    }

    [Fact]
    public void A_log_that_is_not_there_yet_is_empty()
    {
        Log.Last(10).ShouldBeEmpty();

        File.WriteAllText(path, "first\n");

        Log.Next().ShouldBe(["first"]);
    }

    [Theory]
    [InlineData("\u001b[0;32m  OK  \u001b[0m Started ssh\r", "  OK   Started ssh")]
    [InlineData("\u001b]0;title\u0007text", "text")]
    [InlineData("bell\u0007 back\u0008 \u202Ereversed", "bell\\x07 back\\x08 \\u202ereversed")]
    [InlineData("tab\there", "tab\there")]
    public void What_a_guest_wrote_moves_no_cursor(string line, string shown) => LogFile.Plain(line).ShouldBe(shown);
}
