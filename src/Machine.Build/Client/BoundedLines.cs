using System.Text;

namespace Machine.Build.Client;

/// <summary>Reads lines of a stream that the guest writes: one that never ends must not fill this process's memory.</summary>
internal static class BoundedLines
{
    /// <summary>Characters of a line; the rest up to its end is dropped. A record with all its fields fits.</summary>
    public const int Most = 256 * 1024;

    public static async Task ReadAsync(TextReader reader, Action<string> line)
    {
        var buffer = new char[8192];
        var current = new StringBuilder();
        while (true)
        {
            var count = await reader.ReadAsync(buffer, 0, buffer.Length).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            var from = 0;
            for (var i = 0; i < count; i++)
            {
                if (buffer[i] == '\n')
                {
                    Append(current, buffer, from, i);
                    line(Take(current));
                    from = i + 1;
                }
            }

            Append(current, buffer, from, count);
        }

        if (current.Length > 0)
        {
            line(Take(current));
        }
    }

    private static void Append(StringBuilder current, char[] buffer, int from, int to) =>
        current.Append(buffer, from, Math.Min(to - from, Most - current.Length));

    private static string Take(StringBuilder current)
    {
        var text = current.ToString();
        current.Clear();
        return text.EndsWith("\r", StringComparison.Ordinal) ? text.Substring(0, text.Length - 1) : text;
    }
}
