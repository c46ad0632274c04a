using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// Moves a stopped machine's state between QEMU and a file, over a socket: QEMU's own ways into a file need either a
/// program that it starts, which its sandbox forbids, or versions that are not everywhere.
/// </summary>
internal static class StateTransfer
{
    // 700 MB of memory took 1.5 s; a busy disk takes longer.
    private static readonly TimeSpan Deadline = TimeLimit.Minutes(2);
    private static readonly TimeSpan WholeDeadline = TimeLimit.Minutes(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <param name="memoryIsFile">Its memory lies in a file already, and is not sent.</param>
    /// <param name="apart">Where its memory goes, and how large it is in bytes; null: it lies in a file, or is a part of the state.</param>
    /// <param name="most">Bytes; QEMU is not believed to end.</param>
    /// <returns>Bytes of state written.</returns>
    /// <exception cref="MachineException">QEMU refused or failed (its words).</exception>
    /// <exception cref="UnknownStreamException">The memory can't be told apart from the state.</exception>
    /// <exception cref="IOException">The file can't be written: the disk is full.</exception>
    public static async Task<long> SaveAsync(
        QmpClient qmp, string socket, string file, bool memoryIsFile, (string File, long Bytes)? apart, long most, CancellationToken cancel)
    {
        await SetCapabilityAsync(qmp, memoryIsFile, cancel);
        await qmp.ExecuteAsync("migrate-set-parameters", new Dictionary<string, object> { ["max-bandwidth"] = 1L << 40 }, cancel);
        QemuPlaces.Delete(socket);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(socket));
        listener.Listen(1);
        try
        {
            using var connection = await ConnectAsync(qmp, listener, socket, cancel);
            await using var stream = new NetworkStream(connection);
            await using var target = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
            if (apart is { } memory)
            {
                await using var pages = new FileStream(memory.File, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
                pages.SetLength(memory.Bytes);
                await WithinDeadlineAsync(limit => new MemorySplit(stream, target, pages, most).RunAsync(limit), cancel);
                pages.Flush(flushToDisk: true);
            }
            else
            {
                await WithinDeadlineAsync(limit => CopyAsync(stream, target, most, limit), cancel);
            }

            target.Flush(flushToDisk: true);
            await UntilCompletedAsync(qmp, cancel);
            return target.Length;
        }
        catch
        {
            await CancelAsync(qmp);
            throw;
        }
        finally
        {
            QemuPlaces.Delete(socket);
        }
    }

    /// <exception cref="CannotThawException">QEMU does not take it (its words).</exception>
    public static async Task LoadAsync(QmpClient qmp, string socket, string file, bool memoryIsFile, CancellationToken cancel)
    {
        try
        {
            await SetCapabilityAsync(qmp, memoryIsFile, cancel);
            await qmp.ExecuteAsync("migrate-incoming", new { uri = $"unix:{socket}" }, cancel);
            using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
            await using (var stream = new NetworkStream(connection))
            {
                await using var source = File.OpenRead(file);
                await source.CopyToAsync(stream, 1 << 20, cancel);
            }

            connection.Shutdown(SocketShutdown.Send);
            await UntilCompletedAsync(qmp, cancel);
        }
        catch (Exception e) when (e is MachineException or IOException or SocketException or TimeoutException)
        {
            throw new CannotThawException(e.Message, e);
        }
        finally
        {
            QemuPlaces.Delete(socket);
        }
    }

    // Confined, QEMU connects to nothing: it is handed the other end.
    private static async Task<Socket> ConnectAsync(QmpClient qmp, Socket listener, string socket, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux())
        {
            await qmp.ExecuteAsync("migrate", new { uri = $"unix:{socket}" }, cancel);
            return await listener.AcceptAsync(cancel).AsTask().WaitAsync(TimeLimit.Seconds(20), cancel);
        }

        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await other.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
        var connection = await listener.AcceptAsync(cancel);
        try
        {
            await qmp.HandOverAsync(other, "state", cancel);
            await qmp.ExecuteAsync("migrate", new { uri = "fd:state" }, cancel);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>QEMU is not believed to end.</summary>
    public static MachineException TooMuch() => new("QEMU sends more state than its machine can have", exitCode: ExitCode.MachineUnavailable);

    private static async Task CopyAsync(Stream from, Stream to, long most, CancellationToken cancel)
    {
        var buffer = new byte[1 << 20];
        while (await from.ReadAsync(buffer, cancel) is > 0 and var count)
        {
            most -= count;
            if (most < 0)
            {
                throw TooMuch();
            }

            await to.WriteAsync(buffer.AsMemory(0, count), cancel);
        }
    }

    private static async Task WithinDeadlineAsync(Func<CancellationToken, Task> save, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(WholeDeadline);
        try
        {
            await save(limit.Token);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new MachineException($"QEMU did not hand over its machine's state within {WholeDeadline.TotalMinutes:0} minutes", exitCode: ExitCode.MachineUnavailable, inner: e);
        }
    }

    private static Task<JsonElement> SetCapabilityAsync(QmpClient qmp, bool memoryIsFile, CancellationToken cancel) => qmp.ExecuteAsync(
        "migrate-set-capabilities",
        new { capabilities = new[] { new { capability = "x-ignore-shared", state = memoryIsFile } } },
        cancel);

    private static async Task UntilCompletedAsync(QmpClient qmp, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answer = await qmp.ExecuteAsync("query-migrate", null, cancel);
            var status = answer.TextOf("status") ?? "none";
            if (status == "completed")
            {
                return;
            }

            if (status is "failed" or "cancelled" || clock.Elapsed > Deadline)
            {
                var words = Printable.Escape(answer.TextOf("error-desc") ?? status);
                throw new MachineException($"QEMU could not transfer the machine's state: {words}", exitCode: ExitCode.MachineUnavailable);
            }

            await Task.Delay(Poll, cancel);
        }
    }

    private static async Task CancelAsync(QmpClient qmp)
    {
        try
        {
            await qmp.ExecuteAsync("migrate_cancel", null, CancellationToken.None);
        }
        catch (MachineException)
        {
            // It has ended; the caller sees that.
        }
    }
}
