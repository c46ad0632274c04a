using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Machine.Tool.Doors.Egress;

namespace Machine.Tool.Tests.Doors.Egress;

/// <summary>What the rules name is carried whole; what they do not is refused in words that the program and its user understand.</summary>
public sealed class EgressDoorTests : IAsyncDisposable
{
    private readonly DoorUnderTest door = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => door.DisposeAsync();

    [Fact]
    public async Task Who_asked_is_in_the_log()
    {
        using var relay = await door.RelayAsync("db.example.com", 5432);
        var id = (await door.LineAsync(relay)).Split(' ')[1];
        using (var second = await door.ConnectAsync())
        {
            await second.SendAsync(Encoding.ASCII.GetBytes($"who {id} 77 1000 psql -h db\u001b[31m\n"), cancel);
        }

        var entry = (await door.LoggedAsync(1)).ShouldHaveSingleItem();
        entry.End.ShouldBe(EgressEnd.Denied);
        entry.Asker.ShouldNotBeNull().ShouldSatisfyAllConditions(asker => asker.ProcessId.ShouldBe(77), asker => asker.UserId.ShouldBe(1000), asker => asker.Program.ShouldNotContain('\u001b'));
        entry.Wish.ShouldBe("db.example.com:5432");
        door.Denied.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_rule_names_is_carried_both_ways_whole_with_half_closes()
    {
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");
        var sent = RandomNumberGenerator.GetBytes(20 << 20);

        var reading = door.ReadAllAsync(relay);
        await door.SendAllAsync(relay, sent);
        relay.Shutdown(SocketShutdown.Send);

        SHA256.HashData(await reading).ShouldBe(SHA256.HashData(sent));
        var log = await door.LoggedAsync(2);
        log.Select(entry => entry.End).ShouldBe([EgressEnd.Allowed, EgressEnd.Closed]);
        log[1].BytesOut.ShouldBe(sent.Length);
        log[1].BytesIn.ShouldBe(sent.Length);
    }

    [Fact]
    public async Task A_thousand_connections_stand_at_once()
    {
        door.Allow($"db.example.com:{door.Port}");
        var relays = new List<Socket>();
        try
        {
            for (var i = 0; i < 1000; i++)
            {
                relays.Add(await door.RelayAsync("db.example.com", door.Port));
            }

            foreach (var (i, relay) in relays.Index())
            {
                (await door.LineAsync(relay)).ShouldBe("yes");
                await relay.SendAsync(BitConverter.GetBytes(i), cancel);
            }

            foreach (var (i, relay) in relays.Index())
            {
                var back = new byte[4];
                for (var at = 0; at < 4;)
                {
                    at += await relay.ReceiveAsync(back.AsMemory(at), cancel);
                }

                BitConverter.ToInt32(back).ShouldBe(i);
            }
        }
        finally
        {
            relays.ForEach(relay => relay.Dispose());
        }
    }

    [Fact]
    public async Task A_rule_that_goes_is_obeyed_at_the_next_connection()
    {
        door.Allow($"db.example.com:{door.Port}");
        using var first = await door.RelayAsync("db.example.com", door.Port);
        (await door.LineAsync(first)).ShouldBe("yes");

        door.Allow();

        using var second = await door.RelayAsync("db.example.com", door.Port);
        (await door.LineAsync(second)).ShouldStartWith("no ");
        // One that stands goes on.
        await first.SendAsync("still here\n"u8.ToArray(), cancel);
        (await door.LineAsync(first)).ShouldBe("still here");
    }

    [Fact]
    public async Task A_server_that_breaks_off_is_noticed_inside()
    {
        door.Server = client =>
        {
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            client.Close();
            return Task.CompletedTask;
        };
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");

        // The program waits for an answer, and says nothing.
        (await door.ReadAllAsync(relay).WaitAsync(TimeSpan.FromSeconds(20), cancel)).ShouldBeEmpty();
        (await door.LoggedAsync(2))[1].End.ShouldBe(EgressEnd.Closed);
    }

    [Fact]
    public async Task A_slow_reader_loses_nothing()
    {
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");
        var sent = RandomNumberGenerator.GetBytes(4 << 20);
        var sending = Task.Run(async () =>
        {
            await door.SendAllAsync(relay, sent);
            relay.Shutdown(SocketShutdown.Send);
        });

        await Task.Delay(1000, cancel);
        var got = await door.ReadAllAsync(relay);

        await sending;
        SHA256.HashData(got).ShouldBe(SHA256.HashData(sent));
    }

    [Fact]
    public async Task The_next_address_is_tried_where_one_does_not_answer()
    {
        // Nobody listens at the first one, which is loopback too.
        door.Resolver.Addresses = [IPAddress.Parse("127.9.9.9"), IPAddress.Loopback];
        door.Allow($"db.example.com:{door.Port}");
        using var relay = await door.RelayAsync("db.example.com", door.Port);

        (await door.LineAsync(relay)).ShouldBe("yes");
    }

    [Fact]
    public async Task A_real_client_of_tls_speaks_with_a_real_server_and_nobody_else_reads()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=api.example.com", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var pair = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
        door.Server = async client =>
        {
            await using var tls = new SslStream(new NetworkStream(client));
            await tls.AuthenticateAsServerAsync(pair);
            await tls.WriteAsync(Encoding.ASCII.GetBytes($"hello {tls.TargetHostName}"));
        };
        door.Allow($"api.example.com:{door.Port}/tls");
        using var relay = await door.RelayAsync("api.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");

        await using var client = new SslStream(new NetworkStream(relay), leaveInnerStreamOpen: false, (_, shown, _, _) => shown?.GetCertHashString() == pair.GetCertHashString());
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "api.example.com" }, cancel);
        using var reader = new StreamReader(client);
        (await reader.ReadToEndAsync(cancel)).ShouldBe("hello api.example.com");
    }

    [Theory]
    [InlineData("200 Connection established")]
    [InlineData("407 Proxy Authentication Required")]
    public async Task Behind_a_proxy_of_the_host_the_server_is_asked_for_there(string status)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        door.Proxy = new UpstreamProxy(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), new NetworkCredential("me", "secret"));
        // A name that this host can't look up itself.
        door.Resolver.Addresses = [];
        door.Allow("db.example.com:5432");
        using var relay = await door.RelayAsync("db.example.com", 5432);
        using var proxied = await listener.AcceptSocketAsync(cancel);

        (await door.LineAsync(proxied)).TrimEnd('\r').ShouldBe("CONNECT db.example.com:5432 HTTP/1.1");
        (await door.LineAsync(proxied)).TrimEnd('\r').ShouldBe("Host: db.example.com:5432");
        (await door.LineAsync(proxied)).TrimEnd('\r').ShouldBe($"Proxy-Authorization: Basic {Convert.ToBase64String("me:secret"u8)}");
        (await door.LineAsync(proxied)).TrimEnd('\r').ShouldBe("");
        await proxied.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nX: y\r\n\r\nhello\n"), cancel);

        if (status.StartsWith("200", StringComparison.Ordinal))
        {
            (await door.LineAsync(relay)).ShouldBe("yes");
            (await door.LineAsync(relay)).ShouldBe("hello");
        }
        else
        {
            (await door.LineAsync(relay)).ShouldContain("proxy does not connect");
        }
    }

    [Fact]
    public async Task At_a_port_of_http_the_reason_is_an_answer()
    {
        using var relay = await door.RelayAsync("api.example.com", 80);
        (await door.LineAsync(relay)).ShouldStartWith("here ");
        await relay.SendAsync("GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"u8.ToArray(), cancel);

        var answer = Encoding.UTF8.GetString(await door.ReadAllAsync(relay));

        answer.ShouldStartWith("HTTP/1.1 403 ");
        answer.ShouldContain("dotnet machine network allow api.example.com");
    }

    [Fact]
    public async Task At_a_port_of_tls_it_is_an_alert()
    {
        using var relay = await door.RelayAsync("api.example.com", 443);
        (await door.LineAsync(relay)).ShouldStartWith("here ");
        await relay.SendAsync("not tls at all"u8.ToArray(), cancel);

        (await door.ReadAllAsync(relay)).ShouldBe([21, 3, 3, 0, 2, 2, 49]);
    }

    [Fact]
    public async Task The_very_server_is_and_gets_the_request_as_it_was_sent()
    {
        door.Allow($"api.example.com:{door.Port}/http");
        using var relay = await door.RelayAsync("api.example.com", door.Port);
        (await door.LineAsync(relay)).ShouldBe("yes");
        var request = "GET / HTTP/1.1\r\nHost: API.example.com\r\n\r\n"u8.ToArray();
        foreach (var one in request)
        {
            await relay.SendAsync(new[] { one }, cancel);
        }

        relay.Shutdown(SocketShutdown.Send);

        (await door.ReadAllAsync(relay)).ShouldBe(request);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_no_denial()
    {
        door.Allow("db.example.com:1");
        using var relay = await door.RelayAsync("db.example.com", 1);

        (await door.LineAsync(relay)).ShouldContain("can't be reached from this host");
        (await door.LoggedAsync(1)).Single().End.ShouldBe(EgressEnd.Failed);
    }
}
