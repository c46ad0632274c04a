using System.Buffers;
using System.Text;

namespace Machine.Tool.Doors.Egress;

/// <summary>
/// Reads the head of an HTTP/1 request for the server that it is meant for. It must be one that no two programs read differently: one Host, no folded or
/// broken lines, no NUL. Source: RFC 9112 §2 to §5.
/// </summary>
internal static class HttpHead
{
    /// <summary>In bytes.</summary>
    public const int MostBytes = 16 * 1024;

    // RFC 9110 §5.6.2.
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <param name="bytes">All that came so far.</param>
    public static Greeting Read(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            // TLS and the like never get to an empty line.
            return bytes.Length > MostBytes || bytes.IndexOfAnyInRange((byte)0, (byte)8) >= 0 || (bytes.Length > 0 && !Token.Contains((char)bytes[0]))
                ? Greeting.Refused("it is no HTTP request")
                : Greeting.Unfinished;
        }

        var lines = Encoding.Latin1.GetString(bytes[..end]).Split("\r\n");
        if (Array.Exists(lines, line => line.AsSpan().IndexOfAnyInRange('\0', '\u0008') >= 0 || line.AsSpan().IndexOfAny('\r', '\n') >= 0))
        {
            return Greeting.Refused("its head is no HTTP");
        }

        var request = lines[0].Split(' ');
        if (request is not [{ Length: > 0 } method, var target, "HTTP/1.1" or "HTTP/1.0"] || method.AsSpan().IndexOfAnyExcept(Token) >= 0)
        {
            return Greeting.Refused("it is no HTTP/1 request");
        }

        string? host = null;
        foreach (var line in lines.AsSpan(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || line.AsSpan(0, colon).IndexOfAnyExcept(Token) >= 0)
            {
                return Greeting.Refused("its head has a line that is no field");
            }

            if (line.AsSpan(0, colon).Equals("host", StringComparison.OrdinalIgnoreCase))
            {
                if (host is not null)
                {
                    return Greeting.Refused("it names more than one server");
                }

                host = line[(colon + 1)..].Trim(' ', '\t');
            }
        }

        // An absolute address in the first line is what a server obeys, whatever Host says.
        return host is null ? Greeting.Refused("it names no server")
            : !target.StartsWith('/') && target != "*" ? Greeting.Refused("it is a request to a proxy")
            : new Greeting(GreetingKind.Named, WithoutPort(host));
    }

    private static string WithoutPort(string host) =>
        host.LastIndexOf(':') is > 0 and var colon && host.AsSpan(colon + 1).IndexOfAnyExceptInRange('0', '9') < 0 ? host[..colon] : host;
}
