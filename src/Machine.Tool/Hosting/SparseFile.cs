using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Machine.Tool.Hosting;

/// <summary>Disks are mostly holes; who reads one looks at the rest.</summary>
internal static partial class SparseFile
{
    private const int Block = 64 << 10;
    private const int NoMore = 6; // ENXIO

    private static readonly (int Data, int Hole) Seek = OperatingSystem.IsMacOS() ? (4, 3) : (3, 4);

    /// <summary>
    /// What is in a file, whatever of its zeros are holes: SHA-256 over its length, and for each block of 64 KiB that holds more than zeros its
    /// place and content, numbers as 64 bits, low byte first.
    /// </summary>
    /// <returns>Lower-case hex.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    public static string Sha256(string path, CancellationToken cancel)
    {
        using var file = File.OpenHandle(path);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = RandomAccess.GetLength(file);
        Append(hash, length);
        var buffer = new byte[Block];
        long next = 0;
        foreach (var (start, end) in Data(file, length))
        {
            for (next = Math.Max(next, start - (start % Block)); next < end; next += Block)
            {
                cancel.ThrowIfCancellationRequested();
                var block = buffer.AsSpan(0, (int)Math.Min(Block, length - next));
                ReadExactly(file, block, next);
                if (block.IndexOfAnyExcept((byte)0) >= 0)
                {
                    Append(hash, next);
                    hash.AppendData(block);
                }
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Where it has content, in order; as a whole where the file system doesn't tell.</summary>
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
                if (Marshal.GetLastPInvokeError() != NoMore)
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

    private static void ReadExactly(SafeFileHandle file, Span<byte> block, long offset)
    {
        for (int read; block.Length > 0; block = block[read..], offset += read)
        {
            read = RandomAccess.Read(file, block, offset);
            if (read == 0)
            {
                throw new EndOfStreamException("the file became shorter");
            }
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
