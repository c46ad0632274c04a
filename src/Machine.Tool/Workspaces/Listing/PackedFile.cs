using System.Security.Cryptography;

namespace Machine.Tool.Workspaces.Listing;

/// <summary>One file in the stream of <c>changes.pl pack</c>: chunks of a counted length, a chunk of none, and a status.</summary>
internal sealed class PackedFile(GuestReader reader, long announced) : IDisposable
{
    private const uint MostInChunk = 1 << 20;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long received;
    private bool ended;

    /// <summary>All announced bytes came and the guest saw no change meanwhile. Known at the end.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Of the bytes as they were handed on. Known at the end.</summary>
    public string? Sha256 { get; private set; }

    public void Dispose() => hash.Dispose();

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
                Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
                return;
            }

            received += length;
            if (length > MostInChunk || received > announced)
            {
                throw new GuestProtocolException("more bytes than announced");
            }

            await reader.CopyAsync(length, data =>
            {
                hash.AppendData(data.Span);
                return target.WriteAsync(data);
            });
        }
    }
}
