using FsCheck.Fluent;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Workspaces;

public sealed class TaintedTests
{
    [Theory]
    [InlineData("plain é 漢 🙂", "plain é 漢 🙂")]
    [InlineData("a\u001b[2Jb", "a\\x1b[2Jb")]
    [InlineData("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d")]
    [InlineData("a\u009b31m", "a\\x9b31m")]
    [InlineData("\u202egnp", "\\u202egnp")]
    [InlineData("a\u2028b\u200bc", "a\\u2028b\\u200bc")]
    public void What_a_terminal_obeys_is_spelled_out(string tainted, string safe) => Tainted.Line(tainted).ShouldBe(safe);

    [Fact]
    public void Half_a_character_is_spelled_out() => Tainted.Line("a\ud800b").ShouldBe("a\\ud800b");

    [Fact]
    public void It_is_never_long() => Tainted.Line(new string('\u001b', 100_000)).Length.ShouldBeLessThan(400);

    [Fact]
    public void Bytes_that_are_no_text_are_spelled_out() => Tainted.Bytes([(byte)'a', 0xff, 0xc3, 0xa9, 0x1b]).ShouldBe("a\\xffé\\x1b");

    [Fact]
    public void Nothing_that_comes_out_moves_the_cursor() =>
        Property.Holds(Prop.ForAll<string>(text => !Tainted.Line(text ?? "").EnumerateRunes().Any(Tainted.IsDeceptive)), 2000);
}
