using System.Globalization;
using System.Text;

namespace Machine.Tool.Hosting;

/// <summary>Writes fields of text or bytes, each ended by a NUL: what paths, arguments and variables can't hold.</summary>
internal sealed class FieldWriter
{
    private byte[] fields = new byte[1024];
    private int length;

    public ReadOnlySpan<byte> Written => fields.AsSpan(0, length);

    public FieldWriter Add(ReadOnlySpan<byte> value)
    {
        if (fields.Length - length <= value.Length)
        {
            Array.Resize(ref fields, Math.Max(fields.Length * 2, length + value.Length + 1));
        }

        value.CopyTo(fields.AsSpan(length));
        length += value.Length;
        fields[length++] = 0;
        return this;
    }

    public FieldWriter Add(string value) => Add(Encoding.UTF8.GetBytes(value));

    public FieldWriter Add(long value) => Add(value.ToString(CultureInfo.InvariantCulture));
}
