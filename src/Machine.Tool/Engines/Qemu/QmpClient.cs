using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// QEMU's control connection: one JSON object a line, commands answered by id, events in between.
/// https://www.qemu.org/docs/master/interop/qmp-spec.html
/// </summary>
internal sealed class QmpClient : IAsyncDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    private readonly Socket socket;
    private readonly StreamReader reader;
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
        reader = new StreamReader(new NetworkStream(connected, ownsSocket: false), Encoding.UTF8);
        reading = ReadAsync();
    }

    /// <summary>Completes, never failing, when QEMU has closed the connection (it ended) or this client was disposed.</summary>
    public Task Closed => reading;

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
    public async Task<JsonElement> ExecuteAsync(string command, object? arguments, CancellationToken cancel, TimeSpan? timeout = null)
    {
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
                : JsonSerializer.SerializeToUtf8Bytes(new { execute = command, arguments, id }), cancel);
            return await answer.Task.WaitAsync(timeout ?? DefaultTimeout, cancel);
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
        reader.Dispose();
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

    private async Task SendAsync(byte[] line, CancellationToken cancel)
    {
        await writing.WaitAsync(cancel);
        try
        {
            // A half-written command would spoil the next one: once begun it is sent whole.
            ReadOnlyMemory<byte> rest = (byte[])[.. line, (byte)'\n'];
            while (!rest.IsEmpty)
            {
                rest = rest[await socket.SendAsync(rest, CancellationToken.None)..];
            }
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        Exception? why = null;
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                using var document = JsonDocument.Parse(line);
                Receive(document.RootElement);
            }
        }
        catch (Exception e)
        {
            // Also a message of another form: a QEMU that its guest took over says what it likes, and whoever waits has to hear of the end.
            why = e;
        }

        // Before the entries are gone through: who adds one afterwards sees it.
        hungUp = true;
        greeting.TrySetException(new IOException("it hung up", why));
        foreach (var answer in pending.Values)
        {
            answer.TrySetException(new IOException("the connection closed", why));
        }
    }

    private void Receive(JsonElement message)
    {
        if (message.TryGetProperty("QMP", out _))
        {
            greeting.TrySetResult();
        }
        else if (message.TryGetProperty("event", out var name))
        {
            onEvent(name.GetString() ?? "", message.TryGetProperty("data", out var data) ? data.Clone() : default);
        }
        else if (message.TryGetProperty("id", out var id) && pending.TryGetValue(id.GetInt32(), out var answer))
        {
            if (message.TryGetProperty("return", out var result))
            {
                answer.TrySetResult(result.Clone());
            }
            else
            {
                answer.TrySetException(new QmpError(message.GetProperty("error").GetProperty("desc").GetString() ?? "no reason given"));
            }
        }
    }

    private sealed class QmpError(string message) : Exception(message);
}
