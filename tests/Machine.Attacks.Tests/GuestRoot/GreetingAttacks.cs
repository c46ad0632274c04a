using System.Buffers.Binary;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using Machine.Tool.Doors.Egress;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A connection that says one server to the door and another to whoever is behind it: in pieces, twice, encrypted, ambiguous, broken.</summary>
public sealed class GreetingAttacks
{
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task The_greeting_of_a_real_client_names_its_server_at_its_last_byte(SslProtocols version)
    {
        var hello = await HelloAsync("api.example.com", version);

        for (var length = 1; length < hello.Length; length++)
        {
            ClientHello.Read(hello.AsSpan(0, length)).Kind.ShouldBe(GreetingKind.Unfinished, $"{length} of {hello.Length} bytes");
        }

        ClientHello.Read(hello).ShouldBe(new Greeting(GreetingKind.Named, "api.example.com"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task So_it_is_when_it_comes_in_many_records(int size)
    {
        var hello = Records(await HelloAsync("api.example.com", SslProtocols.Tls13), size);

        ClientHello.Read(hello.AsSpan(0, hello.Length - 1)).Kind.ShouldBe(GreetingKind.Unfinished);
        ClientHello.Read(hello).Name.ShouldBe("api.example.com");
    }

    [Fact]
    public async Task One_that_names_no_server_is_refused()
    {
        var hello = ClientHello.Read(await HelloAsync("", SslProtocols.Tls13));

        hello.Kind.ShouldBe(GreetingKind.Refused);
        hello.Flaw.ShouldBe("it names no server");
    }

    [Fact]
    public void One_whose_name_is_encrypted_is_refused() =>
        ClientHello.Read(Hello(ServerName("a.example.com"), Extension(0xFE0D, [0, 1, 2]))).Flaw.ShouldNotBeNull().ShouldContain("ECH");

    [Fact]
    public void Two_names_are_refused()
    {
        ClientHello.Read(Hello(ServerName("a.example.com"), ServerName("b.example.com"))).Flaw.ShouldBe("it names more than one server");
        var two = Extension(0, [0, 8, 0, 0, 1, (byte)'a', 0, 0, 1, (byte)'b']);
        ClientHello.Read(Hello(two)).Flaw.ShouldBe("it names more than one server");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("SSH-2.0-x\r\n")]
    [InlineData("\u0016\u0002")]
    [InlineData("\u0016\u0003\u0001\u0000\u0000")]
    [InlineData("\u0016\u0003\u0001\u00ff\u00ff")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004\u0002\u0000\u0000\u0000")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004\u0001\u0000\u0000\u0000")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004\u0001\u00ff\u00ff\u00ff")]
    public void What_is_no_greeting_of_tls_is_refused(string text) => ClientHello.Read(Encoding.Latin1.GetBytes(text)).Kind.ShouldBe(GreetingKind.Refused);

    [Fact]
    public async Task A_greeting_with_any_byte_changed_is_read_or_refused()
    {
        var hello = await HelloAsync("api.example.com", SslProtocols.Tls13);
        for (var at = 0; at < hello.Length; at++)
        {
            foreach (var value in (byte[])[0, 1, 127, 255])
            {
                var changed = (byte[])hello.Clone();
                changed[at] = value;
                // No exception; and a name that it reads is one that stands there.
                var greeting = ClientHello.Read(changed);
                (greeting.Name is null || Encoding.Latin1.GetString(changed).Contains(greeting.Name, StringComparison.Ordinal)).ShouldBeTrue();
            }
        }
    }

    [Fact]
    public void An_endless_greeting_ends() => ClientHello.Read(new byte[ClientHello.MostBytes + 1]).Kind.ShouldBe(GreetingKind.Refused);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n", "a.example.com")]
    [InlineData("POST /x?y HTTP/1.0\r\nhost:a.example.com:80\r\nContent-Length: 3\r\n\r\nabc", "a.example.com")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHOST: \t a.example.com \r\n\r\n", "a.example.com")]
    public void A_request_names_its_server(string text, string name) => HttpHead.Read(Encoding.Latin1.GetBytes(text)).ShouldBe(new Greeting(GreetingKind.Named, name));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET http://b.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n")]
    [InlineData("CONNECT b.example.com:443 HTTP/1.1\r\nHost: a.example.com\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost : a.example.com\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n Host: a.example.com\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nX: y\n Host: b\r\nHost: a.example.com\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nX: y\rHost: b\r\nHost: a.example.com\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: a.example.com\r\n\r\n")]
    [InlineData("GET / HTTP/1.1 \r\nHost: a.example.com\r\n\r\n")]
    [InlineData("GET / HTTP/2.0\r\nHost: a.example.com\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001")]
    public void A_request_that_two_programs_might_read_differently_is_refused(string text) => HttpHead.Read(Encoding.Latin1.GetBytes(text)).Kind.ShouldBe(GreetingKind.Refused);

    [Fact]
    public void A_head_is_awaited_and_ends()
    {
        HttpHead.Read("GET / HTTP/1.1\r\nHost: a.example.com\r\n"u8).Kind.ShouldBe(GreetingKind.Unfinished);
        HttpHead.Read(Encoding.ASCII.GetBytes("GET /" + new string('x', HttpHead.MostBytes))).Kind.ShouldBe(GreetingKind.Refused);
    }

    // As .NET's own client writes it.
    internal static async Task<byte[]> HelloAsync(string name, SslProtocols version)
    {
        var written = new Recorder();
        await using var client = new SslStream(written);
        try
        {
            await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name, EnabledSslProtocols = version });
        }
        catch (IOException)
        {
            // Nobody answers.
        }

        return written.ToArray();
    }

    private static byte[] Records(byte[] hello, int size) =>
        [.. hello[5..].Chunk(size).SelectMany(part => (byte[])[22, 3, 1, (byte)(part.Length >> 8), (byte)part.Length, .. part])];

    private static byte[] Hello(params byte[][] extensions)
    {
        byte[] all = [.. extensions.SelectMany(extension => extension)];
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0, .. Short(all.Length), .. all];
        byte[] message = [1, 0, .. Short(body.Length), .. body];
        return [22, 3, 1, .. Short(message.Length), .. message];
    }

    private static byte[] ServerName(string name) => Extension(0, [.. Short(name.Length + 3), 0, .. Short(name.Length), .. Encoding.ASCII.GetBytes(name)]);

    private static byte[] Extension(int kind, byte[] content) => [.. Short(kind), .. Short(content.Length), .. content];

    private static byte[] Short(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }

    private sealed class Recorder : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override int Read(Span<byte> buffer) => 0;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(0);
    }
}
