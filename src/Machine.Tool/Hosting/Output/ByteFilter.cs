namespace Machine.Tool.Hosting.Output;

/// <summary>Changes a stream of bytes on its way; knows nothing of where its parts begin and end.</summary>
internal abstract class ByteFilter
{
    private byte[] passed = new byte[4096];
    private int length;

    /// <summary>What of this part may go on, and of the one before what waited for it. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Pass(ReadOnlySpan<byte> part)
    {
        length = 0;
        while (!part.IsEmpty)
        {
            // Nearly all of it, in one piece.
            if (Plain(part) is > 0 and var plain)
            {
                Emit(part[..plain]);
                part = part[plain..];
            }
            else
            {
                Next(part[0]);
                part = part[1..];
            }
        }

        return passed.AsSpan(0, length);
    }

    /// <summary>The stream has ended: what still waited.</summary>
    public ReadOnlySpan<byte> End()
    {
        length = 0;
        Finish();
        return passed.AsSpan(0, length);
    }

    /// <summary>How many bytes at the beginning of this part pass as they are; 0 where the first has to be looked at.</summary>
    protected abstract int Plain(ReadOnlySpan<byte> part);

    protected abstract void Next(byte b);

    protected abstract void Finish();

    protected void Emit(byte value)
    {
        if (length == passed.Length)
        {
            Array.Resize(ref passed, passed.Length * 2);
        }

        passed[length++] = value;
    }

    protected void Emit(ReadOnlySpan<byte> bytes)
    {
        while (passed.Length - length < bytes.Length)
        {
            Array.Resize(ref passed, passed.Length * 2);
        }

        bytes.CopyTo(passed.AsSpan(length));
        length += bytes.Length;
    }
}
