using System.Globalization;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>Reads what <see cref="FieldWriter"/> wrote, as it arrives.</summary>
internal sealed class FieldReader(Stream stream)
{
    // A command line is the longest field.
    private const int LongestBytes = 1 << 20;

    private readonly byte[] buffer = new byte[8192];
    private int next;
    private int end;

    /// <exception cref="EndOfStreamException">The stream ends before the field does.</exception>
    /// <exception cref="InvalidDataException">It is longer than any field is.</exception>
    public byte[] Bytes() => Until(0);

    public string Text() => Encoding.UTF8.GetString(Until(0));

    /// <exception cref="InvalidDataException">The field is no number from 0 to <paramref name="most"/>.</exception>
    public long Number(long most = long.MaxValue)
    {
        var text = Text();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw new InvalidDataException($"'{text}' is no number from 0 to {most}");
    }

    /// <summary>Up to a line's end, without it.</summary>
    public string Line() => Encoding.UTF8.GetString(Until((byte)'\n')).TrimEnd('\r');

    /// <summary>All that is left.</summary>
    public byte[] Rest()
    {
        using var rest = new MemoryStream();
        rest.Write(buffer, next, end - next);
        next = end;
        stream.CopyTo(rest);
        return rest.ToArray();
    }

    private byte[] Until(byte mark)
    {
        using var field = new MemoryStream();
        while (true)
        {
            if (next == end)
            {
                next = 0;
                end = stream.Read(buffer);
                if (end == 0)
                {
                    throw new EndOfStreamException("the other side ended");
                }
            }

            var length = buffer.AsSpan(next, end - next).IndexOf(mark);
            field.Write(buffer, next, length < 0 ? end - next : length);
            next = length < 0 ? end : next + length + 1;
            if (length >= 0)
            {
                return field.ToArray();
            }

            if (field.Length > LongestBytes)
            {
                throw new InvalidDataException("a field goes on and on");
            }
        }
    }
}
