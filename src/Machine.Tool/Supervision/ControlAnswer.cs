using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Machine.Tool.Supervision;

/// <summary>
/// The supervisor's answer to one request, over a connection of its own. HTTP/1.0: what follows the head is the body, and it
/// ends with the connection. HttpClient, made for all else, is most of what a short command would wait for (docs/measured.md).
/// </summary>
internal sealed class ControlAnswer : IDisposable
{
    private readonly NetworkStream connection;

    private ControlAnswer(NetworkStream connection)
    {
        this.connection = connection;
        Body = new StreamReader(connection, Encoding.UTF8);
    }

    /// <summary>Arrives as it is written; while this is not disposed of, the supervisor sees a client.</summary>
    public StreamReader Body { get; }

    /// <summary>Asks, and waits until the answer begins.</summary>
    /// <exception cref="IOException">No supervisor is there, it ended, or it refused.</exception>
    public static async Task<ControlAnswer> ToAsync(string socket, string method, string path, CancellationToken cancel, CommandRequest? request = null)
    {
        var body = request?.ToJson() ?? [];
        var head = $"{method} {path} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
        var answer = new ControlAnswer(Connect(socket));
        try
        {
            await answer.connection.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], cancel);
            await answer.BeginAsync(cancel);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>The whole body, one JSON value.</summary>
    /// <exception cref="IOException">The supervisor ended.</exception>
    public async Task<T> ReadAsync<T>(CancellationToken cancel)
        where T : class =>
        await Body.ReadToEndAsync(cancel) is { Length: > 0 } text
            ? JsonSerializer.Deserialize<T>(text, ControlJson.Options)!
            : throw new EndOfStreamException("the supervisor ended");

    public void Dispose()
    {
        Body.Dispose();
        connection.Dispose();
    }

    // On this host it is there at once or not at all.
    private static NetworkStream Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException(e.Message, e);
        }
    }

    private async Task BeginAsync(CancellationToken cancel)
    {
        var status = await Body.ReadLineAsync(cancel) ?? throw new EndOfStreamException("the supervisor ended");
        if (status.Split(' ') is not [_, "200", ..])
        {
            throw new IOException($"the supervisor refused: {status}");
        }

        while (await Body.ReadLineAsync(cancel) is { Length: > 0 })
        {
        }
    }
}
