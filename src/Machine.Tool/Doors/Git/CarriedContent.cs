using System.Net;

namespace Machine.Tool.Doors.Git;

/// <summary>What the guest sends, handed on as it comes.</summary>
/// <param name="length">Bytes; null where it was not told.</param>
/// <param name="moved">Told how many bytes went on.</param>
internal sealed class CarriedContent(Stream source, long? length, Action<int> moved) : HttpContent
{
    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? transport) => SerializeToStreamAsync(stream, transport, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? transport, CancellationToken cancel)
    {
        var buffer = new byte[1 << 16];
        while (await source.ReadAsync(buffer, cancel) is > 0 and var count)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count), cancel);
            moved(count);
        }
    }
}
