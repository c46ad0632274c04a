using System.Buffers.Binary;
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

    /// <summary>The size of the disk in bytes, as its guest sees it.</summary>
    public static async Task<long> SizeAsync(string file, CancellationToken cancel)
    {
        var header = new byte[32];
        await using var stream = File.OpenRead(file);
        await stream.ReadExactlyAsync(header, cancel);
        return BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24));
    }
}
