using Machine.Tool.Control;
using Machine.Tool.Hosting;

namespace Machine.Fuzz.Targets;

/// <summary>What client and supervisor write to each other. The first byte says who reads.</summary>
internal static class ControlTarget
{
    public static FuzzTarget Target { get; } = new(
        "control", Run,
        "e", "r", "step\0" + "1\0", "detail\0", "note\0", "failure\0" + "3\0m\0r\0" + "1\0", "lease\0" + "9\0t\0" + "22\0k\0h\0c\0kvm\0" + "1\0line\0" + "7\0", "stopped\0" + "0\0", "unapproved\0", "ending\0", "unknown\0", "0\0", "1\0", "2\0", "99999999999\0", "4294967295\0", "A=b\0", "A\0", "=\0", "/w\0");

    private static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        using var stream = new PiecesStream(input[1..], 1 + (input.Length % 7));
        var fields = new FieldReader(stream);
        if (input[0] == 'e')
        {
            if (Try(() => ControlEvent.Read(fields)) is { } news)
            {
                Promise.Holds(Try(() => ControlEvent.Read(Reader(news.ToFields().Written))) == news, "news reads differently the second time");
            }
        }
        else if (Try(() => ExecRequest.Read(fields)) is { } request)
        {
            var first = request.ToFields().ToArray();
            Promise.Holds(Try(() => ExecRequest.Read(Reader(first))) is { } second && second.ToFields().SequenceEqual(first), "a request reads differently the second time");
        }
    }

    private static T? Try<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            // As documented.
            return null;
        }
    }

    private static FieldReader Reader(ReadOnlySpan<byte> fields) => new(new MemoryStream(fields.ToArray()));
}
