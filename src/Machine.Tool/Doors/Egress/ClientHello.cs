using System.Buffers.Binary;
using System.Text;

namespace Machine.Tool.Doors.Egress;

/// <summary>What the first message of a TLS client says.</summary>
internal enum GreetingKind
{
    /// <summary>More bytes are needed.</summary>
    Unfinished,

    /// <summary>It names one server, in <see cref="Greeting.Name"/>.</summary>
    Named,

    /// <summary>It is not to be let through; <see cref="Greeting.Flaw"/> says why.</summary>
    Refused,
}

/// <param name="Name">As the client wrote it.</param>
internal sealed record Greeting(GreetingKind Kind, string? Name = null, string? Flaw = null)
{
    public static Greeting Unfinished { get; } = new(GreetingKind.Unfinished);

    public static Greeting Refused(string flaw) => new(GreetingKind.Refused, Flaw: flaw);
}

/// <summary>
/// Reads a TLS ClientHello, in however many segments and records it comes, for the server's name that it asks for.
/// Source: RFC 8446 §4.1.2 and §5.1, RFC 6066 §3, RFC 9849 (encrypted ClientHello).
/// </summary>
internal static class ClientHello
{
    /// <summary>In bytes; a client with post-quantum keys and a resumed session sends some three thousand.</summary>
    public const int MostBytes = 64 * 1024;

    private const byte Handshake = 22;
    private const byte Hello = 1;
    private const int RecordHead = 5;
    private const int MostOfRecord = 1 << 14;
    private const int ServerName = 0;
    private const int EncryptedHello = 0xFE0D;

    /// <param name="bytes">All that came so far.</param>
    public static Greeting Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MostBytes)
        {
            return Greeting.Refused("its greeting is longer than any client's");
        }

        var message = new byte[bytes.Length];
        var length = 0;
        while (bytes.Length > 0)
        {
            if (bytes[0] != Handshake || (bytes.Length > 1 && bytes[1] != 3))
            {
                return Greeting.Refused("it does not begin as TLS does");
            }

            if (bytes.Length < RecordHead)
            {
                break;
            }

            var size = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (size is 0 or > MostOfRecord)
            {
                return Greeting.Refused("it has a record of a size that TLS does not have");
            }

            var here = bytes[RecordHead..];
            var part = here[..Math.Min(size, here.Length)];
            part.CopyTo(message.AsSpan(length));
            length += part.Length;
            if (Whole(message.AsSpan(0, length)) is { } whole)
            {
                return whole;
            }

            if (part.Length < size)
            {
                break;
            }

            bytes = here[size..];
        }

        return Greeting.Unfinished;
    }

    // Null where it is not whole yet.
    private static Greeting? Whole(ReadOnlySpan<byte> message)
    {
        if (message.Length > 0 && message[0] != Hello)
        {
            return Greeting.Refused("it does not begin as a TLS client does");
        }

        if (message.Length < 4)
        {
            return null;
        }

        var size = (message[1] << 16) | (message[2] << 8) | message[3];
        if (size > MostBytes)
        {
            return Greeting.Refused("its greeting is longer than any client's");
        }

        if (message.Length < 4 + size)
        {
            return null;
        }

        try
        {
            return Named(new Fields(message[4..(4 + size)].ToArray()));
        }
        catch (EndOfStreamException)
        {
            return Greeting.Refused("its greeting contradicts its own lengths");
        }
    }

    private static Greeting Named(Fields hello)
    {
        // Version and random bytes; session, ciphers, compressions.
        hello.Skip(2 + 32);
        hello.Skip(hello.Byte());
        hello.Skip(hello.Short());
        hello.Skip(hello.Byte());
        if (hello.IsAtEnd)
        {
            return Greeting.Refused("it names no server");
        }

        var extensions = hello.Part(hello.Short());
        if (!hello.IsAtEnd)
        {
            return Greeting.Refused("something follows its greeting within it");
        }

        string? name = null;
        while (!extensions.IsAtEnd)
        {
            var kind = extensions.Short();
            var content = extensions.Part(extensions.Short());
            if (kind == EncryptedHello)
            {
                return Greeting.Refused("its server's name is encrypted (ECH), so that nobody can say where it goes");
            }

            if (kind == ServerName)
            {
                var list = content.Part(content.Short());
                if (name is not null || list.Byte() != 0)
                {
                    return Greeting.Refused("it names more than one server");
                }

                name = Encoding.Latin1.GetString(list.Bytes(list.Short()));
                if (!list.IsAtEnd || !content.IsAtEnd)
                {
                    return Greeting.Refused("it names more than one server");
                }
            }
        }

        return name is null ? Greeting.Refused("it names no server") : new Greeting(GreetingKind.Named, name);
    }

    private sealed class Fields(byte[] bytes)
    {
        private int at;

        public bool IsAtEnd => at == bytes.Length;

        public int Byte() => Bytes(1)[0];

        public int Short() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

        public void Skip(int count) => Bytes(count);

        public Fields Part(int count) => new(Bytes(count).ToArray());

        public ReadOnlySpan<byte> Bytes(int count)
        {
            if (count > bytes.Length - at)
            {
                throw new EndOfStreamException();
            }

            at += count;
            return bytes.AsSpan(at - count, count);
        }
    }
}
