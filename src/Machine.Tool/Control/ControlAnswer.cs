using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Control;

/// <summary>
/// The supervisor's answer to one request, over a connection of its own. HTTP/1.0: what follows the head is the body, and it
/// ends with the connection. HttpClient, made for all else, is most of what a short command would wait for (docs/measured.md); what
/// waits asynchronously is compiled when it first runs, so nothing here does.
/// </summary>
internal sealed class ControlAnswer : IDisposable
{
    private readonly LocalSocket connection;
    private readonly CancellationTokenRegistration ending;

    private ControlAnswer(LocalSocket connection, CancellationToken cancel)
    {
        this.connection = connection;
        Body = new FieldReader(connection.Stream);
        ending = cancel.Register(connection.ShutDown);
    }

    /// <summary>Arrives as it is written; while this is not disposed of, the supervisor sees a client.</summary>
    public FieldReader Body { get; }

    /// <summary>Asks, and waits until the answer begins.</summary>
    /// <param name="cancel">Ends the body, too.</param>
    /// <exception cref="IOException">No supervisor is there, it ended, or it refused.</exception>
    public static ControlAnswer To(string socket, string method, string path, CancellationToken cancel, ExecRequest? request = null)
    {
        var body = request is null ? default : request.ToFields();
        var head = Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.0\r\nContent-Length: {body.Length}\r\n\r\n");
        var answer = new ControlAnswer(LocalSocket.Connect(socket), cancel);
        try
        {
            answer.connection.Stream.Write([.. head, .. body]);
            answer.Begin();
            return answer;
        }
        catch (Exception e)
        {
            answer.Dispose();
            throw e is IOException && cancel.IsCancellationRequested ? new OperationCanceledException(cancel) : e;
        }
    }

    /// <summary>The whole body, one JSON value; null where it is empty.</summary>
    /// <exception cref="IOException">The supervisor ended.</exception>
    public T? Read<T>()
        where T : class =>
        Body.Rest() is { Length: > 0 } text ? JsonSerializer.Deserialize<T>(text, ControlJson.Options)! : null;

    /// <summary>What is read meanwhile, on another thread, meets its end.</summary>
    public void ShutDown() => connection.ShutDown();

    public void Dispose()
    {
        ending.Dispose();
        connection.Dispose();
    }

    private void Begin()
    {
        var status = Body.Line();
        if (status.Split(' ') is not [_, "200", ..])
        {
            throw new IOException($"the supervisor refused: {status}");
        }

        while (Body.Line().Length > 0)
        {
        }
    }
}
