using System.Net.Sockets;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Fuzz.Targets;

/// <summary>A QEMU that a guest took over speaks to the supervisor: a greeting that is right, then the input, then the end.</summary>
internal static class QmpTarget
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly string Folder = Directory.CreateTempSubdirectory("machine-fuzz-qmp-").FullName;
    private static readonly Socket Listener = Listen();

    public static FuzzTarget Target { get; } = new(
        "qmp", Run,
        "{\"QMP\":{}}\n", "{\"return\":{},\"id\":1}\n", "{\"return\":{\"status\":\"running\"},\"id\":2}\n", "{\"error\":{\"class\":\"GenericError\",\"desc\":\"no\"},\"id\":2}\n", "{\"event\":\"STOP\",\"data\":{}}\n", "\"id\":", "\"event\":", "\"return\":", "\"error\":", "\"desc\":", "1e99", "null", "[]", "{", "}", "\n", "2", "-1", "\"2\"", "2.5");

    private static void Run(byte[] input)
    {
        var serving = Task.Run(() => Serve(input));
        if (Connect() is { } client)
        {
            try
            {
                client.ExecuteAsync("query-status", null, CancellationToken.None, Soon).GetAwaiter().GetResult();
            }
            catch (MachineException e)
            {
                Promise.Holds(!e.Message.Contains("in time", StringComparison.Ordinal), "a command waits though QEMU has ended");
            }

            Promise.Holds(client.Closed.Wait(Soon), "the client does not see that QEMU ended");
            client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        // It fails where the client hung up first.
        Task.WhenAny(serving).Wait();
    }

    private static QmpClient? Connect()
    {
        try
        {
            return QmpClient.ConnectAsync(Path.Combine(Folder, "qmp"), null, () => true, Soon, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (MachineException e)
        {
            Promise.Holds(!e.Message.Contains("nothing within", StringComparison.Ordinal), "connecting waits though QEMU has ended");
            return null;
        }
    }

    private static void Serve(byte[] input)
    {
        using var socket = Listener.Accept();
        var buffer = new byte[4096];
        socket.Send("{\"QMP\":{}}\n"u8);
        socket.Receive(buffer);
        socket.Send("{\"return\":{},\"id\":1}\n"u8);
        // Half of the inputs come before the command is sent, and meet it as it is entered.
        if (input.Length % 2 == 0)
        {
            socket.Receive(buffer);
        }

        for (var rest = input.AsSpan(); rest.Length > 0;)
        {
            rest = rest[socket.Send(rest)..];
        }

        socket.Shutdown(SocketShutdown.Send);
        while (socket.Receive(buffer) > 0)
        {
        }
    }

    private static Socket Listen()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(Folder, "qmp")));
        listener.Listen();
        return listener;
    }
}
