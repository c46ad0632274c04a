using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Tests.Doors.Egress;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>The door takes whatever root of the guest says to it: what no rule names is neither looked up nor dialled, and nothing of it lasts.</summary>
public sealed class DoorAttacks : IAsyncDisposable
{
    private readonly DoorUnderTest door = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => door.DisposeAsync();

    [Fact]
    public async Task Without_a_rule_nothing_is_looked_up_or_dialled_and_the_reason_says_how_to_allow_it()
    {
        using var relay = await door.RelayAsync("db.example.com", door.Port);

        var answer = await door.LineAsync(relay);

        answer.ShouldMatch("^no [0-9]+ machine: db.example.com:");
        answer.ShouldContain($"dotnet machine network allow db.example.com:{door.Port}");
        door.Resolver.Asked.ShouldBeEmpty();
        door.Accepted.ShouldBe(0);
    }

    [Theory]
    [InlineData("Host: evil.example.com")]
    [InlineData("X: y")]
    public async Task Another_server_in_the_request_than_in_the_rule_is_not_dialled(string field)
    {
        door.Allow($"api.example.com:{door.Port}/http");
        using var relay = await door.RelayAsync("api.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");
        await relay.SendAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\n{field}\r\n\r\n"), cancel);

        Encoding.UTF8.GetString(await door.ReadAllAsync(relay)).ShouldStartWith("HTTP/1.1 403 ");

        door.Accepted.ShouldBe(0);
        door.Resolver.Asked.ShouldBeEmpty();
        (await door.LoggedAsync(1)).Single().End.ShouldBe(EgressEnd.Denied);
    }

    [Theory]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("127.0.0.1,10.1.2.3")]
    [InlineData("::ffff:10.1.2.3")]
    public async Task A_name_with_one_address_that_is_not_of_the_internet_is_not_dialled(string addresses)
    {
        door.Resolver.Addresses = [.. addresses.Split(',').Select(IPAddress.Parse)];
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);

        var answer = await door.LineAsync(relay);
        answer.ShouldContain("has an address");
        // Which one is not told inside: a private network's names could be read by it.
        answer.ShouldNotContain("10.1.2.3");

        door.Accepted.ShouldBe(0);
        (await door.LoggedAsync(1)).Single().ShouldSatisfyAllConditions(entry => entry.End.ShouldBe(EgressEnd.Denied), entry => entry.Reason.ShouldNotBeNull().ShouldContain(addresses.Split(',')[^1]));
    }

    [Fact]
    public async Task Another_address_at_a_second_look_is_not_dialled()
    {
        door.Resolver.Later = [IPAddress.Parse("127.9.9.9")];
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);

        (await door.LineAsync(relay)).ShouldBe("yes");

        door.Resolver.Asked.ShouldBe(["db.example.com"]);
        door.Accepted.ShouldBe(1);
    }

    [Fact]
    public async Task A_name_with_addresses_without_end_is_not_dialled()
    {
        door.Resolver.Addresses = [.. Enumerable.Range(0, 65).Select(i => new IPAddress([8, 8, 8, (byte)i]))];
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);

        (await door.LineAsync(relay)).ShouldContain("more than 64 addresses");
    }

    [Theory]
    [InlineData("evil.example.com", true)]
    [InlineData("api.example.com", false)]
    public async Task A_second_greeting_that_a_server_asks_for_is_for_the_same_server(string second, bool refused)
    {
        var got = new TaskCompletionSource<byte[]>();
        door.Server = async server =>
        {
            var bytes = new byte[8192];
            await server.ReceiveAsync(bytes, cancel);
            // HelloRetryRequest.
            await server.SendAsync((byte[])[22, 3, 3, 0, 40, 2, 0, 0, 36, 3, 3, .. Convert.FromHexString("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C"), 0, 0], cancel);
            var count = await server.ReceiveAsync(bytes, cancel);
            got.SetResult(bytes[..count]);
        };
        door.Allow($"api.example.com:{door.Port}/tls");
        using var relay = await door.RelayAsync("api.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");
        await relay.SendAsync(await GreetingAttacks.HelloAsync("api.example.com", SslProtocols.Tls13), cancel);
        await relay.ReceiveAsync(new byte[45], cancel);

        byte[] again = [20, 3, 3, 0, 1, 1, .. await GreetingAttacks.HelloAsync(second, SslProtocols.Tls13)];
        await relay.SendAsync(again, cancel);

        (await got.Task.WaitAsync(TimeSpan.FromSeconds(20), cancel)).ShouldBe(refused ? [] : again);
        (await door.LoggedAsync(refused ? 3 : 1)).Any(entry => entry.End == EgressEnd.Denied).ShouldBe(refused);
    }

    [Theory]
    [InlineData("evil.example.com")]
    [InlineData("")]
    public async Task Another_server_in_the_greeting_than_in_the_rule_is_not_dialled(string name)
    {
        door.Allow($"api.example.com:{door.Port}/tls");
        using var relay = await door.RelayAsync("api.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");
        await relay.SendAsync(await GreetingAttacks.HelloAsync(name, SslProtocols.Tls13), cancel);

        (await door.ReadAllAsync(relay)).ShouldBe([21, 3, 3, 0, 2, 2, 49]);

        door.Accepted.ShouldBe(0);
        door.Resolver.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Places_that_a_guest_took_are_free_again_and_one_too_many_is_hung_up_on()
    {
        door.Allow($"db.example.com:{door.Port}");
        var held = new List<Socket>();
        for (var i = 0; i < EgressDoor.MostConnections; i++)
        {
            held.Add(await door.RelayAsync("db.example.com", door.Port));
            (await door.LineAsync(held[i])).ShouldBe("yes");
        }

        (await AnswerAsync()).ShouldBe("");
        door.Denied.ShouldBe(1);

        held.ForEach(socket => socket.Dispose());
        await UntilAsync(async () => (await AnswerAsync()).StartsWith("no ", StringComparison.Ordinal));

        async Task<string> AnswerAsync()
        {
            try
            {
                using var one = await door.RelayAsync("db.example.com", 5432);
                return Encoding.UTF8.GetString(await door.ReadAllAsync(one).WaitAsync(TimeSpan.FromSeconds(30), cancel));
            }
            catch (SocketException)
            {
                // Hung up on before its line was said.
                return "";
            }
        }
    }

    [Theory]
    [InlineData("to db.example.com\n")]
    [InlineData("to db.example.com 0\n")]
    [InlineData("to db.example.com 5432 x\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("who x 1 1 y\n")]
    [InlineData("\n")]
    public async Task What_is_no_line_of_a_relay_is_hung_up_on(string text)
    {
        door.Allow("*.example.com");
        using var relay = await door.ConnectAsync();
        await relay.SendAsync(Encoding.ASCII.GetBytes(text), cancel);

        (await door.ReadAllAsync(relay)).ShouldBeEmpty();
        door.Denied.ShouldBe(0);
        door.Resolver.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_endless_line_is_hung_up_on()
    {
        using var relay = await door.ConnectAsync();
        await relay.SendAsync(new byte[GuestLine.MostBytes], cancel);

        (await door.ReadAllAsync(relay).WaitAsync(TimeSpan.FromSeconds(5), cancel)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0x7f.1")]
    [InlineData("localhost")]
    [InlineData("metadata.google.internal")]
    [InlineData("db.example.com.")]
    [InlineData("db.example.com\u0000")]
    public async Task What_is_no_name_of_the_internet_is_denied_whatever_the_rules_say(string name)
    {
        door.Allow($"*.example.com:{door.Port}", $"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync(name, door.Port);

        (await door.LineAsync(relay)).ShouldMatch("^no [0-9]+ machine: ");
        door.Resolver.Asked.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_guest_that_asks_as_fast_as_it_can_fills_no_disk()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 500; i++)
        {
            using var relay = await door.RelayAsync($"n{i}.example.com", 5432);
            (await door.LineAsync(relay)).ShouldStartWith("no ");
        }

        await door.LoggedAsync(1);
        await Task.Delay(2500, cancel);

        // Fifty a second, however long it took; what was left out is counted.
        EgressLog.Read(door.LogFile).Count().ShouldBeLessThanOrEqualTo(50 * (int)(clock.Elapsed.TotalSeconds + 2));
        door.Denied.ShouldBe(500);
    }

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!await condition())
        {
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
            await Task.Delay(100, cancel);
        }
    }
}
