using System.Buffers.Binary;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines;

/// <summary>
/// A disk that somebody hands us must not name other files of this host: qcow2 can have a backing file and an external
/// data file, and the engine would open them.
/// </summary>
internal static class QcowHeader
{
    private const uint Magic = 0x514649FB; // "QFI\xfb"

    // Bit 2 of incompatible_features: guest data lies in an external file (docs/interop/qcow2.txt of the format).
    private const ulong ExternalData = 1UL << 2;

    /// <param name="remedy">Where a qcow2 that will do comes from.</param>
    /// <exception cref="MachineException">It is not a qcow2, or it refers to another file.</exception>
    public static async Task RequireStandAloneAsync(string file, string remedy, CancellationToken cancel)
    {
        var header = new byte[104];
        await using var stream = File.OpenRead(file);
        var length = await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancel);
        if (length < 72 || BinaryPrimitives.ReadUInt32BigEndian(header) != Magic)
        {
            throw new MachineException($"{file} is not a qcow2 disk", remedy);
        }

        var version = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        var backing = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(8));
        var features = version >= 3 ? BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(72)) : 0;
        if (backing != 0 || (features & ExternalData) != 0)
        {
            throw new MachineException($"{file} refers to another file of this host; it is not used", "convert it to a disk that stands alone");
        }
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

        external = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) >= 3 && (BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(72)) & ExternalData) != 0;
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

    /// <summary>The size of the disk in bytes, as its guest sees it.</summary>
    public static async Task<long> SizeAsync(string file, CancellationToken cancel)
    {
        var header = new byte[32];
        await using var stream = File.OpenRead(file);
        await stream.ReadExactlyAsync(header, cancel);
        return BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24));
    }
}
