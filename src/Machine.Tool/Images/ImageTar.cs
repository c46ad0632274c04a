using System.Buffers.Binary;
using System.Text;

namespace Machine.Tool.Images;

/// <summary>One file in an exported image.</summary>
/// <param name="Bytes">Its length, holes included.</param>
/// <param name="Parts">What of it is written, in order; the rest is holes.</param>
internal sealed record ImageTarFile(string Name, long Bytes, IReadOnlyList<(long Offset, long Count)> Parts);

/// <summary>
/// Reads the one kind of tar that an export is: plain files, holes kept as GNU tar keeps them (type S). A link, a device, a folder, a
/// second name, an extended header has no meaning here and is refused, so that nothing is read in two ways.
/// </summary>
internal sealed class ImageTar(Stream tar)
{
    private const int Block = 512;
    private const int MostParts = 1 << 20;
    private const int PartsInHeader = 4;
    private const int PartsInBlock = 21;

    private readonly byte[] header = new byte[Block];
    private long padding;

    /// <summary>The next file, whose content the caller takes before it asks for another; null at the end.</summary>
    /// <exception cref="InvalidDataException">It is anything else.</exception>
    public async Task<ImageTarFile?> NextAsync(CancellationToken cancel)
    {
        await SkipAsync(padding, cancel);
        if (await tar.ReadAtLeastAsync(header, Block, throwOnEndOfStream: false, cancel) is 0 || header.All(value => value == 0))
        {
            return null;
        }

        CheckSum();
        var name = Text(header.AsSpan(0, 100));
        if (!IsPlain(name) || (header.AsSpan(257, 6).SequenceEqual("ustar\0"u8) && header[345] != 0))
        {
            throw new InvalidDataException("it names a file that is no part of an image");
        }

        var stored = Number(header.AsSpan(124, 12));
        padding = (Block - (stored % Block)) % Block;
        return header[156] switch
        {
            0 or (byte)'0' => new ImageTarFile(name, stored, [(0, stored)]),
            (byte)'S' => await SparseAsync(name, stored, cancel),
            _ => throw new InvalidDataException($"{name} is no plain file"),
        };
    }

    /// <summary>Writes the file's content to where nothing is yet.</summary>
    public async Task CopyAsync(ImageTarFile file, string target, CancellationToken cancel)
    {
        await using var written = new FileStream(target, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[1 << 20];
        foreach (var (offset, count) in file.Parts)
        {
            written.Position = offset;
            for (var left = count; left > 0;)
            {
                var read = await tar.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancel);
                if (read == 0)
                {
                    throw new InvalidDataException($"{file.Name} is cut off");
                }

                await written.WriteAsync(buffer.AsMemory(0, read), cancel);
                left -= read;
            }
        }

        written.SetLength(file.Bytes);
    }

    public static bool IsPlain(string name) =>
        name.Length is > 0 and < 100 && name[0] is not ('.' or '-') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    private async Task<ImageTarFile> SparseAsync(string name, long stored, CancellationToken cancel)
    {
        var bytes = Number(header.AsSpan(483, 12));
        var parts = new List<(long Offset, long Count)>();
        Collect(parts, header.AsSpan(386), PartsInHeader);
        var more = header[482] != 0;
        var block = new byte[Block];
        while (more)
        {
            if (await tar.ReadAtLeastAsync(block, Block, throwOnEndOfStream: false, cancel) < Block || parts.Count > MostParts)
            {
                throw new InvalidDataException($"the list of {name}'s parts is too long, or cut off");
            }

            Collect(parts, block, PartsInBlock);
            more = block[504] != 0;
        }

        long end = 0;
        foreach (var (offset, count) in parts)
        {
            if (offset < end || count > bytes - offset)
            {
                throw new InvalidDataException($"the parts of {name} overlap, or lie outside of it");
            }

            end = offset + count;
        }

        return parts.Sum(part => part.Count) == stored ? new ImageTarFile(name, bytes, parts) : throw new InvalidDataException($"the parts of {name} are not its size");
    }

    private static void Collect(List<(long Offset, long Count)> parts, ReadOnlySpan<byte> table, int most)
    {
        for (var i = 0; i < most && table[i * 24] != 0; i++)
        {
            parts.Add((Number(table.Slice(i * 24, 12)), Number(table.Slice((i * 24) + 12, 12))));
        }
    }

    private void CheckSum()
    {
        var sum = header.Sum(value => value) - header.AsSpan(148, 8).ToArray().Sum(value => value) + (8 * ' ');
        if (Number(header.AsSpan(148, 8)) != sum)
        {
            throw new InvalidDataException("it is no tar file, or damaged");
        }
    }

    // Octal digits, or from 8 GiB on a binary number behind a first byte of 0x80.
    private static long Number(ReadOnlySpan<byte> field)
    {
        if (field[0] == 0x80)
        {
            var tail = field[^8..];
            var value = BinaryPrimitives.ReadInt64BigEndian(tail);
            return value >= 0 && field[1..^8].IndexOfAnyExcept((byte)0) < 0 ? value : throw new InvalidDataException("a number in it is too large");
        }

        long number = 0;
        foreach (var digit in Text(field).Trim())
        {
            number = digit is >= '0' and <= '7' ? (number * 8) + (digit - '0') : throw new InvalidDataException("something else is in the place of a number");
        }

        return number;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? field : field[..end]);
    }

    private async Task SkipAsync(long count, CancellationToken cancel)
    {
        var rest = new byte[count];
        if (await tar.ReadAtLeastAsync(rest, rest.Length, throwOnEndOfStream: false, cancel) < rest.Length)
        {
            throw new InvalidDataException("it is cut off");
        }
    }
}
