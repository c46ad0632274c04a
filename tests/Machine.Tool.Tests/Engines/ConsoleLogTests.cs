using System.Net.Sockets;
using System.Text;
using Machine.Tool.Engines.Qemu;

namespace Machine.Tool.Tests.Engines;

public sealed class ConsoleLogTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mt-con-");

    private string Log => Path.Combine(folder.FullName, "console.log");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_guest_that_talks_endlessly_fills_no_disk()
    {
        var path = Path.Combine(folder.FullName, "c.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        await using var log = await ConsoleLog.AttachAsync(path, Log, append: false, TestContext.Current.CancellationToken);
        using var guest = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        var line = Encoding.UTF8.GetBytes(new string('x', 999) + "\n");
        for (var sent = 0L; sent < 5 * ConsoleLog.Limit; sent += line.Length)
        {
            await guest.SendAsync(line, TestContext.Current.CancellationToken);
        }

        await guest.SendAsync("the end\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await QemuFixture.UntilAsync(() => ConsoleLog.Tail(Log, 1) == "the end", "the last line");
        folder.GetFiles("console.log*").Sum(file => file.Length).ShouldBeLessThanOrEqualTo(2 * ConsoleLog.Limit);
    }

    [Fact]
    public void What_moves_a_terminals_cursor_does_not_reach_it()
    {
        File.WriteAllText(Log, "first\n\e[2J\e[31mred\e[0m \e]0;title\a\e(Bplain\r\n\u009b5mlast\b\b\0!\n");
        ConsoleLog.Tail(Log, 2).ShouldBe("red plain\n5mlast!");
    }

    [Fact]
    public void A_console_that_never_was_is_empty() => ConsoleLog.Tail(Path.Combine(folder.FullName, "none"), 5).ShouldBe("");
}
