using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces.Listing;

/// <summary>Reads the guest's answers: fields that end with NUL, and counted bytes. Bounded in everything.</summary>
/// <param name="patience">How long the whole answer may take besides what its bytes need; null for ten minutes, times <see cref="TimeLimit"/>'s factor.</param>
internal sealed class GuestReader(Stream stream, CancellationToken cancel, TimeSpan? patience = null)
{
    private static readonly TimeSpan Patience = TimeLimit.Minutes(10);

    /// <summary>A guest that says nothing for this long is taken for stuck; emulated ones are slow.</summary>
    private static readonly TimeSpan Silence = TimeLimit.Minutes(3);

    // For the whole answer: a guest that drips a byte now and then would keep its command open for ever.
    private const int LeastBytesPerSecond = 32 << 10;

    private readonly Stopwatch elapsed = Stopwatch.StartNew();
    private readonly byte[] buffer = new byte[1 << 18];
    private int start;
    private int end;

    /// <summary>Bytes that arrived so far.</summary>
    public long TotalBytes { get; private set; }

    /// <exception cref="GuestProtocolException">The stream ended, or the field is longer than <paramref name="most"/>.</exception>
    public async ValueTask<byte[]> FieldAsync(int most)
    {
        byte[]? begun = null;
        while (true)
        {
            var held = buffer.AsSpan(start, end - start);
            var length = held.IndexOf((byte)0);
            var part = length < 0 ? held : held[..length];
            if ((begun?.Length ?? 0) + part.Length > most)
            {
                throw new GuestProtocolException($"a field longer than {most} bytes");
            }

            begun = begun is null ? part.ToArray() : [.. begun, .. part];
            if (length >= 0)
            {
                start += length + 1;
                return begun;
            }

            await FillAsync();
        }
    }

    public async ValueTask<string> TextAsync(int most) => Encoding.Latin1.GetString(await FieldAsync(most));

    public async ValueTask<uint> UInt32Async()
    {
        var four = new byte[4];
        for (var i = 0; i < 4; i++)
        {
            four[i] = await ByteAsync();
        }

        return BinaryPrimitives.ReadUInt32BigEndian(four);
    }

    public async ValueTask<byte> ByteAsync()
    {
        if (start == end)
        {
            await FillAsync();
        }

        return buffer[start++];
    }

    public async ValueTask CopyAsync(long count, Func<ReadOnlyMemory<byte>, ValueTask> target)
    {
        while (count > 0)
        {
            if (start == end)
            {
                await FillAsync();
            }

            var part = (int)Math.Min(count, end - start);
            await target(buffer.AsMemory(start, part));
            start += part;
            count -= part;
        }
    }

    // Called with part of a field consumed into the caller's hands, so the buffer is free.
    private async ValueTask FillAsync()
    {
        start = end = 0;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var left = (patience ?? Patience) + TimeSpan.FromSeconds(TotalBytes / LeastBytesPerSecond) - elapsed.Elapsed;
        limit.CancelAfter(left < TimeSpan.Zero ? TimeSpan.Zero : left < Silence ? left : Silence);
        try
        {
            end = await stream.ReadAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new GuestProtocolException(left < Silence ? $"an answer that does not end: {TotalBytes:N0} bytes in {elapsed.Elapsed.TotalSeconds:0} seconds" : $"silence for {Silence.TotalMinutes} minutes");
        }

        TotalBytes += end;
        if (end == 0)
        {
            throw new GuestProtocolException("the answer ends early");
        }
    }
}
