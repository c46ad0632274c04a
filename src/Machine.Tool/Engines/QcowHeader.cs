using System.Buffers.Binary;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines;

/// <summary>The header of a qcow2 (docs/interop/qcow2.txt of the format), read by us: no program that follows what it says sees it first.</summary>
internal static class QcowHeader
{
    private const uint Magic = 0x514649FB; // "QFI\xfb"
    private const int Version2 = 72;
    private const int Most = 1 << 16;

    // Of the features that a reader must know: not closed cleanly (0), the kind of compression (3), long entries (4). Not
    // "corrupt" (1), not data in an external file (2), not what nobody knows yet.
    private const ulong Harmless = (1UL << 0) | (1UL << 3) | (1UL << 4);

    // Name table of the features, bitmaps. Every other extension names a file, a format or a key, or is unknown.
    private static readonly uint[] Extensions = [0x6803F857, 0x23852875];

    /// <returns>The size of the disk in bytes, as its guest sees it.</returns>
    /// <param name="remedy">Where a qcow2 that will do comes from.</param>
    /// <exception cref="MachineException">It is not a qcow2, or it does not stand alone.</exception>
    public static async Task<long> RequireStandAloneAsync(string file, string remedy, CancellationToken cancel)
    {
        var header = new byte[Most];
        await using var stream = File.OpenRead(file);
        var length = await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancel);
        if (length < Version2 || Word(header, 0) != Magic)
        {
            throw new MachineException($"{file} is not a qcow2 disk", remedy);
        }

        var version = Word(header, 4);
        var features = version >= 3 ? Long(header, 72) : 0;
        var headerLength = version >= 3 ? Word(header, 100) : Version2;
        if (version is not (2 or 3) || (version == 3 && (length < 104 || headerLength is < 104 or > 4096)) || Word(header, 20) is < 9 or > 21)
        {
            throw new MachineException($"{file} is a qcow2 disk of a kind that is not known here", remedy);
        }

        // Offset and length of the backing file's name, the external data file, and what names either of them.
        if (Long(header, 8) != 0 || Word(header, 16) != 0 || (features & (1UL << 2)) != 0)
        {
            throw new MachineException($"{file} refers to another file of this host; it is not used", "convert it to a disk that stands alone");
        }

        if (Word(header, 32) != 0)
        {
            throw new MachineException($"{file} is encrypted; it is not used", "convert it to a disk that stands alone");
        }

        if ((features & ~Harmless) != 0)
        {
            throw new MachineException($"{file} has features that are not known here (0x{features:x}); it is not used", "convert it to a disk that stands alone");
        }

        CheckExtensions(file, header.AsSpan(0, length), (int)headerLength);
        return BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24));
    }

    /// <summary>The file that a disk stands on, as its header names it; null for none, and for a disk that is not qcow2.</summary>
    /// <param name="external">Its data lies in another file.</param>
    public static string? Backing(string file, out bool external)
    {
        external = false;
        using var stream = File.OpenRead(file);
        var header = new byte[104];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < 72 || BinaryPrimitives.ReadUInt32BigEndian(header) != Magic)
        {
            return null;
        }

        external = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) >= 3 && (BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(72)) & (1UL << 2)) != 0;
        var place = BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(8));
        if (place == 0)
        {
            return null;
        }

        // The format's own limit is 1023 bytes.
        var length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16));
        var name = new byte[Math.Min(length, 1024)];
        if (place < 0 || place > stream.Length)
        {
            return "";
        }

        stream.Position = place;
        return Encoding.UTF8.GetString(name, 0, stream.ReadAtLeast(name, name.Length, throwOnEndOfStream: false));
    }

    /// <summary>What the guest sees of a disk; the file's own length where it is not qcow2.</summary>
    public static long VirtualSize(string file)
    {
        using var stream = File.OpenRead(file);
        var header = new byte[32];
        return stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && BinaryPrimitives.ReadUInt32BigEndian(header) == Magic
            ? BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24))
            : stream.Length;
    }

    /// <summary>The size of a disk of our own in bytes, as its guest sees it.</summary>
    public static async Task<long> SizeAsync(string file, CancellationToken cancel)
    {
        var header = new byte[32];
        await using var stream = File.OpenRead(file);
        await stream.ReadExactlyAsync(header, cancel);
        return BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24));
    }

    private static void CheckExtensions(string file, ReadOnlySpan<byte> header, int at)
    {
        // Until the mark of the end, which every writer sets.
        while (at + 8 <= header.Length && Word(header, at) is not 0 and var type)
        {
            var size = Word(header, at + 4);
            if (!Extensions.Contains(type) || size > Most)
            {
                throw new MachineException(
                    $"{file} has an extension of its header (0x{type:x8}) that may name another file of this host; it is not used", "convert it to a disk that stands alone");
            }

            at += 8 + (int)((size + 7) & ~7u);
        }
    }

    private static uint Word(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadUInt32BigEndian(header[at..]);

    private static ulong Long(ReadOnlySpan<byte> header, int at) => BinaryPrimitives.ReadUInt64BigEndian(header[at..]);
}
