using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// QEMU's control connection: one JSON object a line, commands answered by id, events in between. A guest may have taken QEMU over:
/// what makes no sense is passed over, and one that says what no QEMU says is let go of, which ends its machine.
/// https://www.qemu.org/docs/master/interop/qmp-spec.html
/// </summary>
internal sealed class QmpClient : IAsyncDisposable
{
    /// <summary>The longest answer, a tree of all commands that QEMU knows, has 0.3 MB.</summary>
    internal const int LongestLine = 4 << 20;

    private static readonly TimeSpan DefaultTimeout = TimeLimit.Seconds(30);

    private static readonly JsonElement Nothing = JsonDocument.Parse("{}").RootElement;

    private readonly Socket socket;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> pending = new();
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly TaskCompletionSource greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string, JsonElement> onEvent;
    private readonly Task reading;
    private volatile bool hungUp;
    private int lastId;

    private QmpClient(Socket connected, Action<string, JsonElement> onEvent)
    {
        socket = connected;
        this.onEvent = onEvent;
        reading = ReadAsync();
    }

    /// <summary>Completes, never failing, when QEMU has closed the connection (it ended) or this client was disposed.</summary>
    public Task Closed => reading;

    /// <summary>It said what no QEMU says, and was hung up on.</summary>
    public bool Misbehaved { get; private set; }

    /// <param name="onEvent">Called with an event's name and data, one at a time; must return soon and not wait for a command.</param>
    /// <param name="isAlive">Whether it is worth waiting for who is to listen there.</param>
    /// <exception cref="MachineException">Nobody listens at <paramref name="path"/>, or what listens does not answer in time.</exception>
    public static async Task<QmpClient> ConnectAsync(
        string path, Action<string, JsonElement>? onEvent, Func<bool> isAlive, TimeSpan timeout, CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(timeout);
        QmpClient? client = null;
        try
        {
            client = new QmpClient(await SocketAsync(path, isAlive, deadline.Token), onEvent ?? ((_, _) => { }));
            // QEMU serves one client at a time; a second one waits here for its greeting.
            await client.greeting.Task.WaitAsync(deadline.Token);
            await client.ExecuteAsync("qmp_capabilities", null, deadline.Token);
            return client;
        }
        catch (Exception e)
        {
            await (client?.DisposeAsync() ?? ValueTask.CompletedTask);
            cancel.ThrowIfCancellationRequested();
            throw e is OperationCanceledException or SocketException or IOException
                ? new MachineException(
                    $"QEMU's control socket {path} does not answer: {(e is OperationCanceledException ? $"nothing within {timeout.TotalSeconds:0.#} s" : e.Message)}",
                    exitCode: ExitCode.MachineUnavailable,
                    inner: e)
                : e;
        }
    }

    /// <summary>Runs one command and returns what it answers.</summary>
    /// <exception cref="MachineException">QEMU refused it (its own words), hung up, or did not answer in time.</exception>
    public Task<JsonElement> ExecuteAsync(string command, object? arguments, CancellationToken cancel, TimeSpan? timeout = null) =>
        ExecuteAsync(command, arguments, handed: null, timeout, cancel);

    /// <summary>Gives QEMU an open socket, which it then knows by this name: it opens none itself.</summary>
    [SupportedOSPlatform("linux")]
    public Task HandOverAsync(Socket open, string name, CancellationToken cancel) =>
        ExecuteAsync("getfd", new { fdname = name }, open, timeout: null, cancel);

    private async Task<JsonElement> ExecuteAsync(string command, object? arguments, Socket? handed, TimeSpan? timeout, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var limit = timeout ?? DefaultTimeout;
        var id = Interlocked.Increment(ref lastId);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        pending[id] = answer;
        try
        {
            // After the entry above, so that a connection that closes in between fails it here or there.
            if (hungUp)
            {
                throw HungUp(command, null);
            }

            await SendAsync(arguments is null
                ? JsonSerializer.SerializeToUtf8Bytes(new { execute = command, id })
                : JsonSerializer.SerializeToUtf8Bytes(new { execute = command, arguments, id }), handed, limit, cancel);
            var rest = limit - clock.Elapsed;
            return await answer.Task.WaitAsync(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, cancel);
        }
        catch (TimeoutException e)
        {
            throw new MachineException($"QEMU did not answer {command} in time", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
        catch (QmpError e)
        {
            throw new MachineException($"QEMU refused {command}: {e.Message}", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            throw HungUp(command, e);
        }
        finally
        {
            pending.TryRemove(id, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        await reading;
        writing.Dispose();
    }

    private static MachineException HungUp(string command, Exception? inner) =>
        new($"QEMU ended before it answered {command}", exitCode: ExitCode.MachineUnavailable, inner: inner);

    // A socket that is bound and does not listen yet refuses: QEMU is just starting. One whose QEMU ended refuses for ever.
    private static async Task<Socket> SocketAsync(string path, Func<bool> isAlive, CancellationToken cancel)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && isAlive())
            {
                socket.Dispose();
                await Task.Delay(10, cancel);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private async Task SendAsync(byte[] line, Socket? handed, TimeSpan limit, CancellationToken cancel)
    {
        if (!await writing.WaitAsync(limit, cancel))
        {
            throw new TimeoutException();
        }

        try
        {
            // A half-written command would spoil the next one: once begun it is sent whole, or the connection is of no more use.
            ReadOnlyMemory<byte> rest = (byte[])[.. line, (byte)'\n'];
            if (handed is not null)
            {
                rest = rest[DescriptorMessage.Send(socket, rest.Span, handed)..];
            }

            while (!rest.IsEmpty)
            {
                rest = rest[await socket.SendAsync(rest, CancellationToken.None).AsTask().WaitAsync(limit, CancellationToken.None)..];
            }
        }
        catch (TimeoutException)
        {
            socket.Dispose();
            throw;
        }
        finally
        {
            writing.Release();
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it is: who waits for an answer, or for the end, must hear of it.")]
    private async Task ReadAsync()
    {
        Exception? why = null;
        try
        {
            var buffer = new byte[16 << 10];
            var filled = 0;
            while (await socket.ReceiveAsync(buffer.AsMemory(filled), CancellationToken.None) is > 0 and var count)
            {
                var begin = 0;
                var from = filled;
                filled += count;
                while (buffer.AsSpan(from, filled - from).IndexOf((byte)'\n') is >= 0 and var found)
                {
                    Receive(buffer.AsMemory(begin, from + found - begin));
                    begin = from = from + found + 1;
                }

                buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
                filled -= begin;
                if (filled >= LongestLine)
                {
                    throw new JsonException($"a line of more than {LongestLine} bytes");
                }

                if (filled == buffer.Length)
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }
            }
        }
        catch (Exception e)
        {
            Misbehaved = e is not (IOException or SocketException or ObjectDisposedException);
            why = e;
        }

        socket.Dispose();
        // Before the entries are gone through: who adds one afterwards sees it.
        hungUp = true;
        greeting.TrySetException(new IOException("it hung up", why));
        foreach (var answer in pending.Values)
        {
            answer.TrySetException(new IOException("the connection closed", why));
        }
    }

    /// <exception cref="JsonException">It is not JSON.</exception>
    private void Receive(ReadOnlyMemory<byte> line)
    {
        using var document = JsonDocument.Parse(line);
        var message = document.RootElement;
        if (message.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (message.TryGetProperty("QMP", out _))
        {
            greeting.TrySetResult();
        }
        else if (message.TryGetProperty("event", out var name))
        {
            if (name.ValueKind == JsonValueKind.String)
            {
                var data = message.TryGetProperty("data", out var given) && given.ValueKind == JsonValueKind.Object ? given.Clone() : Nothing;
                onEvent(name.GetString()!, data);
            }
        }
        else if (message.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && pending.TryGetValue(number, out var answer))
        {
            if (message.TryGetProperty("return", out var result))
            {
                answer.TrySetResult(result.ValueKind == JsonValueKind.Array ? result.Clone() : result.ValueKind == JsonValueKind.Object ? result.Clone() : Nothing);
            }
            else
            {
                answer.TrySetException(new QmpError(message.TryGetProperty("error", out var error) && error.TextOf("desc") is { } words ? Tail(words) : "no reason given"));
            }
        }
    }

    private static string Tail(string words) => Printable.Escape(words[..Math.Min(words.Length, 1000)]);

    private sealed class QmpError(string message) : Exception(message);
}
