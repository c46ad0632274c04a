namespace Machine.Tool.Workspaces;

/// <summary>One file in the stream of <c>changes.pl pack</c>: chunks of a counted length, a chunk of none, and a status.</summary>
internal sealed class PackedFile(GuestReader reader, long announced)
{
    private const uint MostInChunk = 1 << 20;
    private long received;
    private bool ended;

    /// <summary>All announced bytes came and the guest saw no change meanwhile. Known at the end.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>To the end of the file; nothing more when it was reached before.</summary>
    /// <exception cref="GuestProtocolException">More bytes than announced, or a broken frame.</exception>
    public async Task CopyToAsync(Stream target)
    {
        while (!ended)
        {
            var length = await reader.UInt32Async();
            if (length == 0)
            {
                ended = true;
                var status = await reader.ByteAsync();
                IsWhole = status == 'k' && received == announced;
                return;
            }

            received += length;
            if (length > MostInChunk || received > announced)
            {
                throw new GuestProtocolException("more bytes than announced");
            }

            await reader.CopyAsync(length, data => target.WriteAsync(data));
        }
    }
}
