using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Machine.Tool.Control;
using Machine.Tool.Hosting.Output;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A guest writes to the terminal that its command runs at. The canary is what the terminal would obey.</summary>
public sealed class TerminalAttacks
{
    [Theory]
    [InlineData("clipboard written", "\u001b]52;c;Y3VybCBldmlsfHNo\u0007", "")]
    [InlineData("clipboard read", "\u001b]52;c;?\u001b\\", "")]
    [InlineData("clipboard, number padded", "\u001b]052;c;Y2FuYXJ5\u0007", "")]
    [InlineData("clipboard, control in the middle", "\u001b]5\u00002;c;Y2FuYXJ5\u0007", "")]
    [InlineData("clipboard, CSI of eight bits", "\u009d52;c;Y2FuYXJ5\u0007", "52;c;Y2FuYXJ5\u0007")]
    [InlineData("clipboard behind a title", "\u001b]0;a\u001b]52;c;Y2FuYXJ5\u0007", "")]
    [InlineData("clipboard behind a title's eight-bit end", "\u001b]0;a\u009c\u009d52;c;Y2FuYXJ5\u0007", "")]
    [InlineData("clipboard behind an unfinished sequence", "\u001b[1;\u001b]52;c;Y2FuYXJ5\u0007", "")]
    [InlineData("clipboard through tmux", "\u001bPtmux;\u001b\u001b]52;c;Y2FuYXJ5\u0007\u001b\\", "\u001b\\")]
    [InlineData("clipboard through screen", "\u001bP\u001b]52;c;Y2FuYXJ5\u0007\u001b\\", "\u001b\\")]
    [InlineData("clipboard of kitty", "\u001b]5522;type=write\u001b\\", "")]
    [InlineData("a file by iTerm", "\u001b]1337;File=name=ZXZpbA==;inline=0:Y2FuYXJ5\u0007", "")]
    [InlineData("clipboard by iTerm", "\u001b]1337;Copy=:Y2FuYXJ5\u0007", "")]
    [InlineData("an upload asked by iTerm", "\u001b]1337;RequestUpload=format=tgz\u0007", "")]
    [InlineData("a program by ConEmu", "\u001b]9;7;\"cmd /c evil\"\u0007", "")]
    [InlineData("a macro by ConEmu", "\u001b]9;6;\"print(evil)\"\u0007", "")]
    [InlineData("a command line by VS Code", "\u001b]633;E;rm -rf ~\u0007", "")]
    [InlineData("a notification", "\u001b]777;notify;bank;call us\u0007", "")]
    [InlineData("a folder", "\u001b]7;file://host/evil\u0007", "")]
    [InlineData("a font", "\u001b]50;?\u0007", "")]
    [InlineData("a link that runs an editor", "\u001b]8;;vscode://evil/run\u0007click\u001b]8;;\u0007", "click\u001b]8;;\u0007")]
    [InlineData("a link that is a script", "\u001b]8;;javascript:alert(1)\u0007click\u001b]8;;\u0007", "click\u001b]8;;\u0007")]
    [InlineData("remote control of kitty", "\u001bP@kitty-cmd{\"cmd\":\"launch\"}\u001b\\", "")]
    [InlineData("a picture of a file by kitty", "\u001b_Ga=T,t=t,f=100;L3RtcC9jYW5hcnk=\u001b\\", "")]
    [InlineData("a setting asked, which answers with the guest's words (CVE-2008-2383)", "\u001bP$q\nevil\n\u001b\\", "")]
    [InlineData("keys with words", "\u001bP0;1|17/6576696c0d\u001b\\", "")]
    [InlineData("a name asked", "\u001bP+q6576696c\u001b\\", "")]
    [InlineData("a private message", "\u001b^evil\u001b\\", "")]
    [InlineData("a string", "\u001bXevil\u001b\\", "")]
    [InlineData("the title typed (CVE-2003-0063)", "\u001b[21t", "")]
    [InlineData("the icon's title typed", "\u001b[20t", "")]
    [InlineData("the title typed, number padded", "\u001b[0021t", "")]
    [InlineData("the title typed, by an encoded CSI", "\u009b21t", "21t")]
    [InlineData("titles in hexadecimal", "\u001b[>0;1t", "")]
    [InlineData("the window moved away", "\u001b[3;9999;9999t", "")]
    [InlineData("the window small", "\u001b[2t", "")]
    [InlineData("to a printer", "\u001b[5i", "")]
    [InlineData("the screen to a printer", "\u001b[?5i", "")]
    [InlineData("a checksum of the screen", "\u001b[1;1;1;1;1;1*y", "")]
    [InlineData("another grammar (VT52)", "\u001b[?2l", "")]
    [InlineData("another grammar, in a list", "\u001b[?25;2l", "")]
    [InlineData("another grammar (Tektronix)", "\u001b[?38h", "")]
    [InlineData("out of UTF-8", "\u001b%@", "")]
    [InlineData("the answerback", "\u0005", "")]
    public void What_reaches_beyond_the_screen_is_left_out(string what, string written, string left)
    {
        var bytes = Encoding.UTF8.GetBytes($"before{written}after");
        Text(Filtered(bytes)).ShouldBe($"before{left}after", what);
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            Text(Filtered(bytes[..cut], bytes[cut..])).ShouldBe($"before{left}after", $"{what}, cut at {cut}");
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x9d, (byte)'5', (byte)'2', (byte)';', 7 })]
    [InlineData(new byte[] { 0xc0, 0x9b, (byte)'2', (byte)'1', (byte)'t' })]
    [InlineData(new byte[] { 0xe0, 0x82, 0x9d, (byte)'5', (byte)'2', 7 })]
    [InlineData(new byte[] { 0xe0, 0x80, 0x9b, (byte)'5', (byte)'i' })]
    [InlineData(new byte[] { 0xf0, 0x80, 0x82, 0x9d, (byte)'5', (byte)'2', 7 })]
    [InlineData(new byte[] { 0xe2, 0x9d, (byte)'5', (byte)'2', 7 })]
    public void A_control_that_is_no_character_is_left_out(byte[] written) =>
        Filtered(written).ShouldNotContain(b => b >= 0x80 && b < 0xa0);

    [Theory]
    [InlineData("plain text, tabs\tand lines\r\n and \b \a")]
    [InlineData("é → 漢字 🚀 ńň ᄀ \u00a0 Ā\u0300")]
    [InlineData("\u001b[31;1mred\u001b[0m \u001b[38;2;1;2;3mtrue\u001b[m \u001b[4:3mcurly\u001b[0m")]
    [InlineData("\u001b[2J\u001b[H\u001b[10;20H\u001b[K\u001b[1A\u001b[3X\u001b[2L\u001b[5P\u001b[S")]
    [InlineData("\u001b[?1049h\u001b[?25l\u001b[?2004h\u001b[?1006;1000h\u001b[?2026h")]
    [InlineData("\u001b[6n\u001b[c\u001b[>c\u001b[18t\u001b[14t\u001b[22;0t\u001b[23;0t\u001b[?1$p\u001b[>q")]
    [InlineData("\u001b(0lqk\u001b(B\u000e\u000f\u001b)0\u001b7\u001b8\u001bM\u001bD\u001b=\u001b>\u001b#8\u001bc")]
    [InlineData("\u001b]0;title é\u0007\u001b]2;title\u001b\\\u001b]4;1;rgb:00/00/00\u0007\u001b]10;?\u0007\u001b]11;?\u001b\\\u001b]104\u0007\u001b]112\u001b\\")]
    [InlineData("\u001b]8;;https://example.org/a?b=c\u001b\\link\u001b]8;;\u001b\\ \u001b]8;id=1;file:///p/a.cs\u0007f\u001b]8;;\u0007")]
    [InlineData("\u001b]9;4;3;\u001b\\\u001b]9;4;0;\u001b\\\u001b]133;A\u0007")]
    [InlineData("\u001b[>4;2m\u001b[>1u\u001b[<u\u001b[5 q\u001b[1;24r\u001b[!p\u001b[2;3$x")]
    public void What_stays_on_the_screen_passes_byte_for_byte(string written)
    {
        var bytes = Encoding.UTF8.GetBytes(written);
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            Text(Filtered(bytes[..cut], bytes[cut..])).ShouldBe(written, $"cut at {cut}");
        }
    }

    [Fact]
    public void However_it_is_cut_the_same_passes_and_once_is_enough() =>
        Prop.ForAll(Pieces(), pieces =>
        {
            var all = pieces.SelectMany(piece => piece).ToArray();
            var once = Filtered(all);
            return Filtered(pieces).SequenceEqual(once) && Filtered(once).SequenceEqual(once);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_string_without_end_hides_not_all_that_follows()
    {
        var filter = new TerminalFilter();
        _ = filter.Pass([.. "\u001bP"u8, .. new byte[2 << 20].Select(_ => (byte)'x')]);
        Text(filter.Pass("seen"u8).ToArray()).ShouldBe("seen");
        filter = new TerminalFilter();
        _ = filter.Pass([.. "\u001b]0;"u8, .. new byte[2 << 20].Select(_ => (byte)'x')]);
        Text(filter.Pass("seen"u8).ToArray()).ShouldBe("seen");
    }

    [Theory]
    [InlineData("plain\n", "")]
    [InlineData("\u001b[31mred\u001b[0m", "\u001b[0m")]
    [InlineData("\u001b[?25l", TerminalReset.Modes)]
    [InlineData("\u001b[8m\u001b[2;3r", TerminalReset.Modes)]
    [InlineData("\u001b(0", TerminalReset.Modes)]
    [InlineData("\u000e", TerminalReset.Modes)]
    [InlineData("\u001b[?1049h", TerminalReset.OtherScreen + TerminalReset.Modes)]
    [InlineData("\u001b[?1049h\u001b[?1049l", TerminalReset.Modes)]
    [InlineData("\u001b]11;rgb:00/00/00\u0007", TerminalReset.Palette + TerminalReset.Modes)]
    public void What_a_command_leaves_on_the_terminal_is_put_in_order(string written, string reset)
    {
        var filter = new TerminalFilter();
        _ = filter.Pass(Encoding.UTF8.GetBytes(written));
        TerminalReset.Of(filter.Traces).ShouldBe(reset);
    }

    [Fact]
    public async Task A_guest_at_a_terminal_reaches_no_clipboard_and_leaves_the_screen_in_order()
    {
        await using var client = await ClientUnderAttack.StartAsync(@"printf '\033]52;c;Y2FuYXJ5\007\033[21t\033[?1049h\033[?25lseen'; exit 7");

        var shown = await client.RunAtTerminalAsync(client.Variables(), [], "exec", "x");

        shown.ShouldContain("seen");
        shown.ShouldNotContain("]52;");
        shown.ShouldNotContain("[21t");
        shown[shown.IndexOf("seen", StringComparison.Ordinal)..].ShouldContain(TerminalReset.OtherScreen + TerminalReset.Modes);
    }

    [Fact]
    public async Task Raw_lets_all_through_when_a_person_says_so()
    {
        await using var client = await ClientUnderAttack.StartAsync(@"printf '\033]52;c;Y2FuYXJ5\007'");

        (await client.RunAtTerminalAsync(client.Variables(), [], "exec", "--raw", "x")).ShouldContain("\u001b]52;c;Y2FuYXJ5\u0007");
        (await client.RunAtTerminalAsync(client.Variables(("MACHINE_RAW", "1")), [], "exec", "x")).ShouldContain("\u001b]52;c;Y2FuYXJ5\u0007");
    }

    [Fact]
    public async Task Output_that_no_terminal_shows_is_the_commands_byte_for_byte()
    {
        await using var client = await ClientUnderAttack.StartAsync(@"printf '\033]52;c;Y2FuYXJ5\007\201\005::error::x\n'; exit 7");

        var outcome = await client.RunAsync(client.Variables(), "exec", "x");

        outcome.ExitCode.ShouldBe(7, outcome.ToString());
        outcome.Output.ShouldBe("\u001b]52;c;Y2FuYXJ5\u0007\ufffd\u0005::error::x\n");
    }

    // Keys that wait, typed by a person for the command or by the terminal for a guest that asked it something, are no answer.
    [Fact]
    public async Task What_was_typed_before_a_question_answers_none()
    {
        await using var client = await ClientUnderAttack.StartAsync("");
        client.Write("project/Machinefile", "ports: [\"47811:80\"]\n");

        var shown = await client.RunAtTerminalAsync(client.Variables(), [("", "y\ny\ny\n"), ("[y/N] ", "n\n")], "start");

        shown.ShouldContain("Allow it?");
        Directory.EnumerateFiles(client.Home, "*", SearchOption.AllDirectories).ShouldNotContain(file => file.Contains("approv", StringComparison.OrdinalIgnoreCase));
        shown[..shown.IndexOf("Allow it?", StringComparison.Ordinal)].ShouldContain(TerminalReset.Modes);
    }

    [Theory]
    [InlineData("refused: a\u001b]52;c;Y2FuYXJ5\u0007b")]
    [InlineData("two lines\n\u001b[2J\u001b[Hmachine: all is well")]
    [InlineData("eight bits \u009d52;c;Y2FuYXJ5\u0007")]
    [InlineData("turned \u202egnp.exe")]
    [InlineData("carriage\rmachine: all is well")]
    public async Task A_message_that_quotes_a_guest_is_clean(string message)
    {
        await using var client = await ClientUnderAttack.StartAsync("", (_, _) => Task.FromResult(
            new ControlEvent { Failure = new ControlFailure(message, message, 125) }));

        var outcome = await client.RunAsync(client.Variables(), "exec", "x");

        outcome.ExitCode.ShouldBe(125);
        outcome.Error.ShouldStartWith("machine: " + message[..3]);
        outcome.Error.ShouldNotContain(c => c != '\n' && (char.IsControl(c) || c == '\u202e'));
    }

    private static Arbitrary<byte[][]> Pieces()
    {
        // What sequences are made of, more often than chance would.
        var one = Gen.OneOf(Gen.Elements("\u001b[]P\\_;?0125249tin*$q\u0007\u009b\u009d"u8.ToArray()), Gen.Choose(0, 255).Select(i => (byte)i), Gen.Elements<byte>(0x1b, 0x1b, (byte)']', (byte)'[', 0xc2, 0x9d));
        return one.ArrayOf().ArrayOf().ToArbitrary();
    }

    private static byte[] Filtered(params byte[][] pieces)
    {
        var filter = new TerminalFilter();
        var all = new List<byte>();
        foreach (var piece in pieces)
        {
            all.AddRange(filter.Pass(piece));
        }

        all.AddRange(filter.End());
        return [.. all];
    }

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
