using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// Writes what the guest says on its serial console to a file. The guest may say endlessly much: at a limit the file
/// becomes <c>.old</c> and a new one begins. While nobody reads (the supervisor is dead), QEMU drops the text.
/// </summary>
internal sealed partial class ConsoleLog : IAsyncDisposable
{
    public const long Limit = 1 << 20;
    private const int TailBytes = 64 << 10;

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly string path;
    private Task pumping = Task.CompletedTask;

    private ConsoleLog(string path) => this.path = path;

    /// <param name="append">The machine ran before; else the file begins anew.</param>
    public static async Task<ConsoleLog> AttachAsync(string socketPath, string path, bool append, CancellationToken cancel)
    {
        var log = new ConsoleLog(path);
        try
        {
            if (!append)
            {
                File.Delete(path + ".old");
                await File.WriteAllBytesAsync(path, [], cancel);
            }

            await log.socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancel);
        }
        catch
        {
            log.socket.Dispose();
            throw;
        }

        log.pumping = log.PumpAsync();
        return log;
    }

    /// <summary>The last lines, without what could move a terminal's cursor: a hostile guest wrote them.</summary>
    public static string Tail(string path, int lines)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Seek(-Math.Min(TailBytes, stream.Length), SeekOrigin.End);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return string.Join('\n', Plain(reader.ReadToEnd()).TrimEnd().Split('\n').TakeLast(lines));
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Cuts off what QEMU itself says on behalf of its guest, as often as it must be. It appends, so it goes on at the beginning.</summary>
    public static async Task KeepShortAsync(string path, TimeSpan interval, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(interval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel))
            {
                if (new FileInfo(path) is { Exists: true, Length: > Limit })
                {
                    using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                    file.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            // The machine is let go of, or its folder is gone.
        }
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        await pumping;
    }

    private static string Plain(string text) =>
        new([.. EscapeSequence().Replace(text, "").Where(c => c is '\n' or '\t' || !char.IsControl(c))]);

    // Control sequences, and strings that set titles.
    [GeneratedRegex(@"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(\x07|\x1b\\)?|\x1b[ -/]*[0-~]")]
    private static partial Regex EscapeSequence();

    private async Task PumpAsync()
    {
        var buffer = new byte[16 << 10];
        var file = Open();
        try
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None) is > 0 and var count)
            {
                if (file.Length + count > Limit)
                {
                    await file.DisposeAsync();
                    File.Move(path, path + ".old", overwrite: true);
                    file = Open();
                }

                await file.WriteAsync(buffer.AsMemory(0, count));
                await file.FlushAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException or UnauthorizedAccessException)
        {
            // QEMU ended, this log was disposed, or the disk is full: a console that is lost must not end a machine.
        }
        finally
        {
            await file.DisposeAsync();
            socket.Dispose();
        }
    }

    private FileStream Open() => new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
