using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Machine.Tool.Hosting;

/// <summary>Reads files that are mostly holes, as disks are, without reading the holes.</summary>
internal static partial class SparseFile
{
    private const int Block = 64 << 10;
    private const int NoSuchAddress = 6; // ENXIO: no data after this offset

    private static readonly (int Data, int Hole) Seek = OperatingSystem.IsMacOS() ? (4, 3) : (3, 4);

    /// <summary>
    /// A hash of a file's content, the same whether its zeros are written or holes; it is not the SHA-256 of its bytes, but SHA-256 over its
    /// length, then over offset and bytes of each block of 64 KiB that is not all zeros. Numbers are little-endian integers of 64 bits.
    /// </summary>
    /// <returns>64 digits, lower-case hex.</returns>
    /// <exception cref="IOException">It can't be read, or became shorter meanwhile.</exception>
    /// <exception cref="UnauthorizedAccessException">It is not this user's to read.</exception>
    public static string ContentHash(string path, CancellationToken cancel)
    {
        using var handle = File.OpenHandle(path);
        using var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = RandomAccess.GetLength(handle);
        Append(hash, length);
        var buffer = new byte[Block];
        long next = 0;
        foreach (var (start, end) in Data(handle, length))
        {
            for (next = Math.Max(next, start - (start % Block)); next < end; next += Block)
            {
                cancel.ThrowIfCancellationRequested();
                var block = buffer.AsSpan(0, (int)Math.Min(Block, length - next));
                file.Position = next;
                file.ReadExactly(block);
                if (block.IndexOfAnyExcept((byte)0) >= 0)
                {
                    Append(hash, next);
                    hash.AppendData(block);
                }
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The ranges that hold data, in order; the rest of the file as one where the file system does not tell.</summary>
    private static IEnumerable<(long Start, long End)> Data(SafeFileHandle file, long length)
    {
        if (OperatingSystem.IsWindows())
        {
            yield return (0, length);
            yield break;
        }

        for (long at = 0; at < length;)
        {
            var start = LSeek(file, at, Seek.Data);
            if (start < 0)
            {
                if (Marshal.GetLastPInvokeError() != NoSuchAddress)
                {
                    yield return (at, length);
                }

                yield break;
            }

            var end = LSeek(file, start, Seek.Hole);
            at = end > start ? end : length;
            yield return (start, at);
        }
    }

    private static void Append(IncrementalHash hash, long number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        hash.AppendData(bytes);
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(SafeFileHandle file, long offset, int whence);
}
