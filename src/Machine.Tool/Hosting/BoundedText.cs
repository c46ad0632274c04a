using System.Runtime.CompilerServices;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>What a program says, its beginning and its end: one that says endlessly much must not fill this process's memory.</summary>
internal sealed class BoundedText
{
    /// <summary>Characters of the beginning.</summary>
    public const int MostHead = 1 << 20;

    /// <summary>Characters of the end, which is where programs say what went wrong.</summary>
    public const int MostTail = 64 << 10;

    public const int MostLine = 64 << 10;

    private readonly StringBuilder head = new();
    private readonly char[] tail = new char[MostTail];
    private long after;

    public static async Task<string> ReadAsync(TextReader reader, CancellationToken cancel)
    {
        var text = new BoundedText();
        var buffer = new char[16 << 10];
        while (await reader.ReadAsync(buffer, cancel) is var count and > 0)
        {
            text.Append(buffer.AsSpan(0, count));
        }

        return text.ToString();
    }

    /// <summary>Lines, each cut to <see cref="MostLine"/> characters: a guest may write one that never ends.</summary>
    public static async IAsyncEnumerable<string> LinesAsync(TextReader reader, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var buffer = new char[16 << 10];
        var line = new StringBuilder();
        while (await reader.ReadAsync(buffer, cancel) is var count and > 0)
        {
            for (var i = 0; i < count; i++)
            {
                if (buffer[i] == '\n')
                {
                    yield return line.ToString().TrimEnd('\r');
                    line.Clear();
                }
                else if (line.Length < MostLine)
                {
                    line.Append(buffer[i]);
                }
            }
        }

        if (line.Length > 0)
        {
            yield return line.ToString();
        }
    }

    public void Append(ReadOnlySpan<char> more)
    {
        var first = Math.Min(more.Length, MostHead - head.Length);
        head.Append(more[..first]);
        foreach (var c in more[first..])
        {
            tail[after++ % MostTail] = c;
        }
    }

    /// <summary>All of it; or the beginning, how much is left out, and the end.</summary>
    public override string ToString() =>
        after <= MostTail ? string.Concat(head.ToString(), tail.AsSpan(0, (int)after))
        : $"{head}\n… {after - MostTail:N0} characters are left out …\n{new string([.. tail[(int)(after % MostTail)..], .. tail[..(int)(after % MostTail)]])}";
}
