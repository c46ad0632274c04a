using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using System.Threading.RateLimiting;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// The way out of a machine to servers that its rules name. The guest's relay connects here for each connection of a program, says where it is to
/// go, and hears <c>yes</c>, <c>here ID</c> (this host answers in the server's place, in the program's own protocol) or <c>no ID REASON</c>. All that
/// decides is on this side.
/// </summary>
internal sealed class EgressDoor : IAsyncDisposable
{
    /// <summary>Of one machine, at once.</summary>
    public const int MostConnections = 1200;

    private const int Backlog = 4096;

    // A port of this host is gone for a minute with each connection: a guest that opens and closes them as fast as it can leaves the host its own.
    private const int DialsOfSecond = 200;

    // A relay says its line at once, but with a thousand connections an emulated machine's sshd takes more than ten seconds to bring it.
    private static readonly TimeSpan LinePatience = TimeLimit.Settle(60);

    // A program that says nothing where TLS or HTTP begins has not begun.
    private static readonly TimeSpan GreetingPatience = TimeLimit.Settle(60);

    // Denied ones are kept until the guest told who asked, or for so long: an emulated machine on a busy host takes seconds to look.
    private static readonly TimeSpan AskerPatience = TimeLimit.Settle(5);
    private static readonly TimeSpan EndPatience = TimeLimit.Settle(3);

    private readonly string path;
    private readonly Func<NetworkRules> rules;
    private readonly Upstream upstream;
    private readonly EgressLog log;
    private readonly ILogger logger;
    private readonly string? services;
    private readonly Socket listener;
    private readonly CancellationTokenSource ending = new();
    private readonly SemaphoreSlim places = new(MostConnections);
    private readonly ConcurrentDictionary<long, TaskCompletionSource<EgressAsker>> unknown = new();
    private readonly ConcurrentDictionary<Task, bool> open = new();
    private readonly ConcurrentDictionary<DeniedWatch, bool> watches = new();
    private readonly TokenBucketRateLimiter dials = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = MostConnections,
        TokensPerPeriod = DialsOfSecond / 10,
        ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
        QueueLimit = MostConnections,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private readonly Task accepting;

    private EgressDoor(string path, Func<NetworkRules> rules, Upstream upstream, EgressLog log, ILogger logger, string? services)
    {
        this.services = services;
        this.path = path;
        this.rules = rules;
        this.upstream = upstream;
        this.log = log;
        this.logger = logger;
        File.Delete(path);
        listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(Backlog);
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        accepting = AcceptAsync();
    }

    /// <summary>Connections that were denied.</summary>
    public int Denied => log.Denied;

    /// <summary>As they are for the next connection.</summary>
    public NetworkRules Rules => rules();

    /// <param name="path">Of the socket, in a folder that only this user can enter.</param>
    /// <param name="rules">Asked at each connection.</param>
    /// <param name="services">The socket of what this host serves under names of its own (<see cref="Secret.Domain"/>); null where it serves nothing.</param>
    public static EgressDoor Open(string path, Func<NetworkRules> rules, Upstream upstream, EgressLog log, ILogger logger, string? services = null) =>
        new(path, rules, upstream, log, logger, services);

    /// <summary>Keeps what is denied from now on.</summary>
    public DeniedWatch Watch()
    {
        var watch = new DeniedWatch(over => watches.TryRemove(over, out _));
        watches[watch] = true;
        return watch;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        // What was denied last is written too.
        await Task.WhenAny(Task.WhenAll(open.Keys), Task.Delay(EndPatience));
        File.Delete(path);
        await dials.DisposeAsync();
        ending.Dispose();
        places.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var guest = await listener.AcceptAsync(ending.Token);
                Track(Task.Run(() => ServeAsync(guest)));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || ending.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of descriptors, for one: those that are open go on.
                logger.LogWarning("the door took no connection: {Reason}", e.Message);
                await Task.Delay(100);
            }
        }
    }

    private void Track(Task task)
    {
        open[task] = true;
        _ = task.ContinueWith(ended => open.TryRemove(ended, out var _), TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket guest)
    {
        using var mine = guest;
        if (!await places.WaitAsync(0))
        {
            log.Missed();
            return;
        }

        try
        {
            await ServeLineAsync(guest);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One end went; the connection is over.
        }
        catch (Exception e) when (!ending.IsCancellationRequested)
        {
            // A flaw of this tool must not end the door for the others, nor open it.
            logger.LogError(e, "a connection through the door failed");
        }
        finally
        {
            places.Release();
        }
    }

    private async Task ServeLineAsync(Socket guest)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        limit.CancelAfter(LinePatience);
        if (await GuestLine.ReadAsync(guest, limit.Token) is not var (line, rest))
        {
            return;
        }

        var words = line.Split(' ');
        if (GuestLine.Who(words) is var (id, asker))
        {
            if (unknown.TryRemove(id, out var waiting))
            {
                waiting.TrySetResult(asker);
            }
        }
        else if (words is ["to", var own, "80"] && services is not null && own.EndsWith(Secret.Domain, StringComparison.Ordinal))
        {
            await ServeOwnAsync(guest, rest);
        }
        else if (words is ["to", var name, var port] && EgressTarget.TryParse(name, port) is { } target)
        {
            await ServeAsync(new Connection(guest, target, log.NextId()), rest);
        }
    }

    // What is asked for there says which name it is for; whoever answers looks at that.
    private async Task ServeOwnAsync(Socket guest, byte[] first)
    {
        using var service = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await service.ConnectAsync(new UnixDomainSocketEndPoint(services!), ending.Token);
        await SayAsync(guest, "yes");
        await Splice.SendAllAsync(service, first, ending.Token);
        await Splice.RunAsync(guest, service, new Carried(), ending.Token);
    }

    private async Task ServeAsync(Connection connection, byte[] first)
    {
        var (guest, target) = (connection.Guest, connection.Target);
        var verdict = EgressPolicy.Judge(rules(), target);
        connection.Rule = verdict.Rule;
        // What no rule speaks of is judged by its port alone, to be answered in words that the program knows.
        var protocol = verdict.Rule?.ProtocolAt(target.Port) ?? NetworkRule.SpokenAt(target.Port);
        var greeter = new Greeter(guest, protocol, first);
        if (!verdict.Allowed)
        {
            await RefuseAsync(connection, greeter, new EgressException(verdict.Reason!, denied: true), told: false);
            return;
        }

        var answered = false;
        try
        {
            var name = target.Name!;
            if (protocol != EgressProtocol.Tcp)
            {
                // Judged before anything is looked up or sent.
                await SayAsync(guest, "yes");
                answered = true;
                await greeter.RequireAsync(name, GreetingPatience, ending.Token);
            }

            using var permit = await dials.AcquireAsync(1, ending.Token);
            using var server = await upstream.ConnectAsync(name, target.Port, verdict.Rule!.Private, ending.Token);
            if (!answered)
            {
                await SayAsync(guest, "yes");
                answered = true;
            }

            await CarryAsync(connection, server, greeter.Bytes, protocol);
        }
        catch (EgressException e)
        {
            await RefuseAsync(connection, greeter, e, answered);
        }
    }

    private async Task CarryAsync(Connection connection, Socket server, byte[] said, EgressProtocol protocol)
    {
        log.Add(connection.Entry(EgressEnd.Allowed));
        var carried = new Carried();
        try
        {
            await Splice.SendAllAsync(server, said, ending.Token);
            carried.Out += said.Length;
            if (protocol == EgressProtocol.Tls)
            {
                await HelloRetry.CarryAsync(connection.Guest, server, connection.Target.Name!, carried, GreetingPatience, ending.Token);
            }

            await Splice.RunAsync(connection.Guest, server, carried, ending.Token);
        }
        catch (EgressException e)
        {
            // It speaks TLS with the server already: there is nobody to be told but the log.
            var entry = connection.Entry(EgressEnd.Denied) with { Reason = e.Message };
            Note(entry, asker: null);
            log.Add(entry);
        }
        finally
        {
            log.Add(connection.Entry(EgressEnd.Closed) with { BytesOut = carried.Out, BytesIn = carried.In });
        }
    }

    /// <param name="told">The relay has heard that the connection stands.</param>
    private async Task RefuseAsync(Connection connection, Greeter greeter, EgressException why, bool told)
    {
        var end = why.Denied ? EgressEnd.Denied : EgressEnd.Failed;
        var entry = connection.Entry(end) with
        {
            Reason = why.Detail is { } detail ? $"{why.Message} ({detail})" : why.Message,
            Wish = connection.Rule is null && connection.Target.Name is { } name ? EgressPolicy.Wish(name, connection.Target.Port) : null,
        };
        if (told)
        {
            Note(entry, asker: null);
            log.Add(entry);
        }
        else
        {
            var asker = new TaskCompletionSource<EgressAsker>(TaskCreationOptions.RunContinuationsAsynchronously);
            unknown[connection.Id] = asker;
            Note(entry, asker.Task);
            Track(AddOnceKnownAsync(entry, asker.Task));
            await SayAsync(connection.Guest, greeter.Answers ? $"here {connection.Id}" : $"no {connection.Id} {why.Message}");
        }

        if (told || greeter.Answers)
        {
            await greeter.RefuseAsync(why.Message, why.Denied, GreetingPatience, ending.Token);
        }
    }

    // At once, before the program hears of it: its command may end by that.
    private void Note(EgressEntry entry, Task<EgressAsker>? asker)
    {
        foreach (var watch in entry.End == EgressEnd.Denied ? watches.Keys : [])
        {
            watch.Note(entry, asker);
        }
    }

    private async Task AddOnceKnownAsync(EgressEntry entry, Task<EgressAsker> asker)
    {
        // Either way it is written within seconds, and at once where the door closes.
        await Task.WhenAny(asker, Task.Delay(AskerPatience, ending.Token));
        unknown.TryRemove(entry.Id, out _);
        log.Add(asker.IsCompletedSuccessfully ? entry with { Asker = await asker } : entry);
    }

    private static Task SayAsync(Socket guest, string line) => Splice.SendAllAsync(guest, Encoding.UTF8.GetBytes(line + "\n"), CancellationToken.None);

    private sealed class Connection(Socket guest, EgressTarget target, long id)
    {
        public Socket Guest => guest;

        public EgressTarget Target => target;

        public long Id => id;

        public NetworkRule? Rule { get; set; }

        public EgressEntry Entry(EgressEnd end) => new()
        {
            Id = id,
            Time = DateTimeOffset.UtcNow,
            Server = target.Name?.Text ?? target.Told,
            Port = target.Port,
            End = end,
            Rule = Rule?.Text,
        };
    }
}
