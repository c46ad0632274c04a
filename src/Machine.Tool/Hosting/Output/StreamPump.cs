namespace Machine.Tool.Hosting.Output;

/// <summary>Moves bytes from one stream to another through filters, each as soon as it is there.</summary>
internal sealed class StreamPump
{
    private readonly Stream from;
    private readonly Stream to;
    private readonly ByteFilter[] filters;
    private readonly Thread thread;
    private long moved;

    public StreamPump(Stream from, Stream to, ByteFilter[] filters)
    {
        (this.from, this.to, this.filters) = (from, to, filters);
        thread = new Thread(Run, 256 << 10) { IsBackground = true };
        thread.Start();
    }

    /// <summary>Waits for the end, or until nothing has come for <paramref name="idle"/>.</summary>
    public void Join(TimeSpan idle)
    {
        for (var before = -1L; before != Interlocked.Read(ref moved);)
        {
            before = Interlocked.Read(ref moved);
            if (thread.Join(idle))
            {
                return;
            }
        }
    }

    private void Run()
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (from.Read(buffer, 0, buffer.Length) is > 0 and var count)
            {
                Interlocked.Increment(ref moved);
                ReadOnlySpan<byte> part = buffer.AsSpan(0, count);
                foreach (var filter in filters)
                {
                    part = filter.Pass(part);
                }

                Write(part);
                Interlocked.Increment(ref moved);
            }

            for (var i = 0; i < filters.Length; i++)
            {
                var rest = filters[i].End();
                for (var next = i + 1; next < filters.Length; next++)
                {
                    rest = filters[next].Pass(rest);
                }

                Write(rest);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // Nobody reads any more: the writer hears of it as it would without us, by a pipe that is closed.
            from.Dispose();
        }
    }

    private void Write(ReadOnlySpan<byte> part)
    {
        if (!part.IsEmpty)
        {
            to.Write(part);
            to.Flush();
        }
    }
}
