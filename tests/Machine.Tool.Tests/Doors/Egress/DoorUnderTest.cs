using System.Net;
using System.Net.Sockets;
using System.Text;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Machinefiles.Network;
using Microsoft.Extensions.Logging.Abstractions;

namespace Machine.Tool.Tests.Doors.Egress;

/// <summary>The host's end of the door, spoken to as the guest's relay does, before a real server on loopback that sends back what it gets.</summary>
internal sealed class DoorUnderTest : IAsyncDisposable
{
    private readonly TestFolder folder = new();
    private readonly TcpListener server = new(IPAddress.Loopback, 0);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private static readonly AddressJudge Judge = new(new HashSet<IPAddress>(), []);

    private readonly EgressDoor door;
    private int accepted;

    public DoorUnderTest()
    {
        server.Start(2000);
        _ = EchoAsync();
        // Loopback stands for the internet here; all else is judged as it is.
        door = EgressDoor.Open(
            SocketPath,
            () => Rules,
            new Upstream(Resolver, () => (address, isPrivate) => IPAddress.IsLoopback(address) ? null : Judge.WhyNot(address, isPrivate), (_, _) => Proxy),
            new EgressLog(LogFile, TimeProvider.System),
            NullLogger.Instance);
    }

    public NetworkRules Rules { get; private set; } = NetworkRules.None;

    /// <summary>What the server does, where it is something else.</summary>
    public Func<Socket, Task>? Server { get; set; }

    /// <summary>Through which the server is reached.</summary>
    public UpstreamProxy? Proxy { get; set; }

    public FixedResolver Resolver { get; } = new();

    public string LogFile => Path.Combine(folder.Path, "network.log");

    /// <summary>Of the server.</summary>
    public int Port => ((IPEndPoint)server.LocalEndpoint).Port;

    /// <summary>Connections that the server saw.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    public int Denied => door.Denied;

    /// <summary>As the supervisor does while a command runs.</summary>
    public DeniedWatch Watch() => door.Watch();

    private string SocketPath => Path.Combine(folder.Path, "door");

    public async ValueTask DisposeAsync()
    {
        await door.DisposeAsync();
        server.Dispose();
        folder.Dispose();
    }

    public void Allow(params string[] texts) => Rules = new NetworkRules([.. texts.Select(text => NetworkRule.Parse(text).Rule!)], []);

    /// <summary>Waits until the log has so many lines.</summary>
    public async Task<IReadOnlyList<EgressEntry>> LoggedAsync(int count)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var entries = EgressLog.Read(LogFile).ToList();
            if (entries.Count >= count)
            {
                return entries;
            }

            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20));
            await Task.Delay(50, cancel);
        }
    }

    /// <summary>A connection on which the relay has said its line.</summary>
    public async Task<Socket> RelayAsync(string name, int port)
    {
        var relay = await ConnectAsync();
        await relay.SendAsync(Encoding.Latin1.GetBytes($"to {name} {port}\n"), cancel);
        return relay;
    }

    public async Task<Socket> ConnectAsync()
    {
        var relay = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await relay.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancel);
        return relay;
    }

    public async Task<string> LineAsync(Socket relay)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await relay.ReceiveAsync(one, cancel) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString();
    }

    public async Task SendAllAsync(Socket relay, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            at += await relay.SendAsync(bytes.AsMemory(at), cancel);
        }
    }

    public async Task<byte[]> ReadAllAsync(Socket relay)
    {
        using var all = new MemoryStream();
        var piece = new byte[65536];
        try
        {
            while (await relay.ReceiveAsync(piece, cancel) is > 0 and var count)
            {
                all.Write(piece, 0, count);
            }
        }
        catch (SocketException)
        {
            // A reset is an end, too.
        }

        return all.ToArray();
    }

    private async Task EchoAsync()
    {
        try
        {
            while (true)
            {
                var client = await server.AcceptSocketAsync(cancel);
                Interlocked.Increment(ref accepted);
                _ = Task.Run(async () =>
                {
                    using var mine = client;
                    if (Server is { } serve)
                    {
                        await serve(client);
                        return;
                    }

                    var bytes = new byte[65536];
                    while (await client.ReceiveAsync(bytes, cancel) is > 0 and var count)
                    {
                        await SendAllAsync(client, bytes[..count]);
                    }

                    client.Shutdown(SocketShutdown.Send);
                });
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The test has ended.
        }
    }

    public sealed class FixedResolver : IHostResolver
    {
        public List<string> Asked { get; } = [];

        public IReadOnlyList<IPAddress> Addresses { get; set; } = [IPAddress.Loopback];

        /// <summary>From the second look on.</summary>
        public IReadOnlyList<IPAddress>? Later { get; set; }

        public Task<IReadOnlyList<IPAddress>> ResolveAsync(string name, CancellationToken cancel)
        {
            Asked.Add(name);
            return Task.FromResult(Later is { } later && Asked.Count > 1 ? later : Addresses);
        }
    }
}
