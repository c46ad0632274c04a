using System.Text;
using Machine.Tool.Workspaces.Listing;

namespace Machine.Tool.Tests.Workspaces;

/// <summary>A guest whose answers the test writes: root in there can say anything.</summary>
internal sealed class LyingGuest : IGuestWorkspace
{
    private readonly List<byte> records = [];

    /// <summary>The stream that answers "pack"; by default every file is sent as announced, full of x.</summary>
    public Func<List<(long Size, byte[] Path)>, Stream> Pack { get; set; } = requests =>
    {
        var answer = new MemoryStream();
        foreach (var (size, path) in requests)
        {
            Frame(answer, path, (int)size);
        }

        answer.Position = 0;
        return answer;
    };

    /// <summary>Replaces the list as a whole.</summary>
    public Func<Stream>? List { get; set; }

    public List<string> Dropped { get; } = [];

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    public static void Frame(Stream answer, byte[] path, int size, char status = 'k') => Frame(answer, path, new string('x', size), status);

    public static void Frame(Stream answer, byte[] path, string content, char status = 'k')
    {
        answer.Write(path);
        answer.WriteByte(0);
        var bytes = Bytes(content);
        var size = bytes.Length;
        if (size > 0)
        {
            answer.Write([(byte)(size >> 24), (byte)(size >> 16), (byte)(size >> 8), (byte)size]);
            answer.Write(bytes);
        }

        answer.Write([0, 0, 0, 0, (byte)status]);
    }

    public LyingGuest Says(string path, char type = 'f', long size = 3, string mode = "644", string link = "") => Says(Bytes(path), type, size, mode, link);

    public LyingGuest Says(byte[] path, char type = 'f', long size = 3, string mode = "644", string link = "")
    {
        records.AddRange(Bytes($"{type}\0{size}\0{mode}\01700000000.5\01700000000.5\0{link}\0"));
        records.AddRange(path);
        records.Add(0);
        return this;
    }

    public async Task RunAsync(string verb, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, Func<GuestReader, Task> read, CancellationToken cancel)
    {
        await using var stream = verb switch
        {
            "list" => List?.Invoke() ?? new MemoryStream([.. Bytes($"machine-changes-1\0{new string('a', 32)}\01700000000\0"), .. records, .. Bytes("end\0")]),
            "pack" => Pack(Pairs(input.Span)),
            "same" => new MemoryStream([0]),
            _ => Drop(input.Span),
        };
        await read(new GuestReader(stream, cancel));
    }

    private MemoryStream Drop(ReadOnlySpan<byte> input)
    {
        Dropped.AddRange(Encoding.UTF8.GetString(input).Split('\0').Where((_, i) => i % 2 == 1));
        return new MemoryStream(Bytes("end\0"));
    }

    private static List<(long Size, byte[] Path)> Pairs(ReadOnlySpan<byte> input)
    {
        var fields = new List<byte[]>();
        while (!input.IsEmpty)
        {
            var end = input.IndexOf((byte)0);
            fields.Add(input[..end].ToArray());
            input = input[(end + 1)..];
        }

        return [.. fields.Chunk(2).Select(pair => (long.Parse(Encoding.ASCII.GetString(pair[0])), pair[1]))];
    }
}

/// <summary>Bytes without an end.</summary>
internal sealed class EndlessStream(byte[] beginning, byte[] repeated) : Stream
{
    private long position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => position; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        for (var i = 0; i < count; i++, position++)
        {
            buffer[offset + i] = position < beginning.Length ? beginning[position] : repeated[(position - beginning.Length) % repeated.Length];
        }

        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
