using Machine.Build.Records;
using Machine.Tool.Hosting;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A name or a message that the guest wrote is shown on the host's terminal, which obeys what it must not.</summary>
public sealed class ShownTextAttacks
{
    public static TheoryData<string> Words =>
    [
        "\u001b]52;c;bWFsaWNpb3Vz\a", "\u001b[2J\u001b[H", "\u001b]0;title\a", "\u001bP+q544e\u001b\\", "\u001b_Gf=100;AAAA\u001b\\", "\u001b[?1049h", "\u001b[6n", "\u001b]8;;file:///etc/passwd\u001b\\click\u001b]8;;\u001b\\",
        "\u009b31m", "\u0090q\u009c", "a\rb", "a\bb", "safe\u202efdp.exe", "a\u2066b\u2069", "a\u200bb", "a\u2028b", "\u0085x", "a\u007fb", "\ud83d", "\U000E0041\U000E0042",
    ];

    [Theory]
    [MemberData(nameof(Words))]
    public void A_name_of_the_guest_moves_no_cursor_and_hides_nothing(string word) => ShouldBePlain(Tainted.Line("bin/" + word));

    [Theory]
    [MemberData(nameof(Words))]
    public void A_record_of_a_build_inside_moves_no_cursor_and_hides_nothing(string word)
    {
        var line = RecordLine.Write(new BuildRecord { Code = word, File = word, Text = word, Subcategory = word, HelpLink = word, Project = word });

        var record = RecordLine.TryRead(line)!;

        foreach (var field in new[] { record.Code, record.File, record.Subcategory, record.HelpLink, record.Project })
        {
            ShouldBePlain(field);
        }

        ShouldBePlain(record.Text.Replace('\n', ' ').Replace('\r', ' '));
    }

    // The canary: any character that a terminal would obey or not show.
    private static void ShouldBePlain(string text) =>
        text.EnumerateRunes().Where(rune => System.Text.Rune.IsControl(rune) || System.Text.Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.Surrogate or System.Globalization.UnicodeCategory.LineSeparator || rune.Value == 0xFFFD).ShouldBeEmpty();
}
