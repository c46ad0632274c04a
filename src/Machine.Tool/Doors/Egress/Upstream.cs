using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>Connects this host to a server that a machine may reach. The address that is dialled is the one that was judged.</summary>
/// <param name="judge">Made for each connection: why a machine may not be connected to an address, with a rule's word for private networks, or null.</param>
/// <param name="proxy">Through which this host reaches a server; null where it connects itself.</param>
internal sealed class Upstream(IHostResolver resolver, Func<Func<IPAddress, bool, string?>> judge, Func<HostName, int, UpstreamProxy?>? proxy = null)
{
    // No name of an honest server has as many.
    private const int MostAddresses = 64;

    private readonly FakeAddresses fakes = new(resolver);

    private static readonly TimeSpan Patience = TimeLimit.Seconds(30);

    // RFC 8305 §5: before the next address is tried as well.
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    /// <summary>By this host's resolver and proxy, to addresses of the internet.</summary>
    public static Upstream Real { get; } = new(SystemResolver.Instance, () => AddressJudge.OfThisHost().WhyNot, UpstreamProxy.For);

    /// <exception cref="EgressException">It has no address, one that is not to be reached, or does not answer.</exception>
    public async Task<Socket> ConnectAsync(HostName name, int port, bool isPrivate, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            if (proxy?.Invoke(name, port) is { } way)
            {
                // Behind a proxy a host often can't look names up; what it can is judged all the same.
                await TryJudgeAsync(name, isPrivate, limit.Token);
                return await way.ConnectAsync(name, port, limit.Token);
            }

            var socket = await DialAsync(await AddressesAsync(name, isPrivate, limit.Token), name, port, limit.Token);
            // A server that dies without a word would keep its place for ever.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            return socket;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new EgressException($"machine: {name}:{port} did not answer this host within {Patience.TotalSeconds:0} s", denied: false);
        }
    }

    /// <summary>Those that are dialled, in this order.</summary>
    /// <exception cref="EgressException">It has none, or one that is not to be reached.</exception>
    public async Task<IReadOnlyList<IPAddress>> AddressesAsync(HostName name, bool isPrivate, CancellationToken cancel)
    {
        try
        {
            return await JudgeAsync(name, isPrivate, cancel) is { Count: > 0 } addresses ? addresses : throw new EgressException($"machine: {name} has no address", denied: false);
        }
        catch (SocketException e)
        {
            throw new EgressException($"machine: this host can't look up {name}: {e.Message}", denied: false);
        }
    }

    private async Task<IReadOnlyList<IPAddress>> JudgeAsync(HostName name, bool isPrivate, CancellationToken cancel)
    {
        var addresses = await resolver.ResolveAsync(name.Text, cancel);
        if (addresses.Count > MostAddresses)
        {
            throw new EgressException($"machine: {name} has more than {MostAddresses} addresses", denied: true);
        }

        var translators = addresses.Any(address => address.AddressFamily == AddressFamily.InterNetworkV6) ? await TranslatorsAsync(cancel) : [];
        if (translators is null)
        {
            // What an address of IPv6 stands for can't be told now.
            addresses = [.. addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork)];
            translators = [];
        }

        try
        {
            var whyNot = judge();
            foreach (var address in addresses)
            {
                // One bad address is enough: whoever answers for the name chooses which is dialled.
                if (await WhyNotAsync(address, whyNot, translators, isPrivate, cancel) is { } why)
                {
                    // Which one is for the host's log: a guest could read a private network's names by it.
                    throw new EgressException($"machine: {name} has an address {why}", denied: true) { Detail = address.ToString() };
                }
            }

            return addresses;
        }
        catch (NetworkInformationException e)
        {
            throw new EgressException($"machine: this host can't say which addresses are its own: {e.Message}", denied: true);
        }
    }

    private async Task<string?> WhyNotAsync(IPAddress address, Func<IPAddress, bool, string?> whyNot, IReadOnlyList<Nat64> translators, bool isPrivate, CancellationToken cancel)
    {
        if (whyNot(address, isPrivate) is { } why)
        {
            return why == AddressJudge.StandsForAnother && await fakes.AreHereAsync(cancel) ? null : why;
        }

        return translators.Select(network => network.Held(address)).OfType<IPAddress>().Select(held => whyNot(held, isPrivate)).FirstOrDefault(held => held is not null);
    }

    // Null where nobody answers.
    private async Task<IReadOnlyList<Nat64>?> TranslatorsAsync(CancellationToken cancel)
    {
        try
        {
            return Nat64.Of(await resolver.ResolveAsync(Nat64.Known, cancel));
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private async Task TryJudgeAsync(HostName name, bool isPrivate, CancellationToken cancel)
    {
        try
        {
            await JudgeAsync(name, isPrivate, cancel);
        }
        catch (SocketException)
        {
            // Nobody can be asked here: the proxy looks it up.
        }
    }

    // The next address is tried beside one that does not answer: a dead path of IPv6 is no reason to wait.
    private static async Task<Socket> DialAsync(IReadOnlyList<IPAddress> addresses, HostName name, int port, CancellationToken cancel)
    {
        using var won = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var dials = new List<Task<Socket>>();
        var failure = "";
        try
        {
            for (var next = 0; next < addresses.Count || dials.Count > 0;)
            {
                if (next < addresses.Count)
                {
                    dials.Add(DialAsync(new IPEndPoint(addresses[next++], port), won.Token));
                }

                var wait = next < addresses.Count ? Task.Delay(Stagger, cancel) : Task.Delay(Timeout.Infinite, cancel);
                if (await Task.WhenAny([.. dials, wait]) is not Task<Socket> ended)
                {
                    await wait;
                    continue;
                }

                dials.Remove(ended);
                try
                {
                    return await ended;
                }
                catch (SocketException e)
                {
                    failure = e.Message;
                }
            }
        }
        finally
        {
            await won.CancelAsync();
            foreach (var late in dials)
            {
                _ = late.ContinueWith(dial => dial.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            }
        }

        throw new EgressException($"machine: {name}:{port} can't be reached from this host: {failure}", denied: false);
    }

    private static async Task<Socket> DialAsync(IPEndPoint server, CancellationToken cancel)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
