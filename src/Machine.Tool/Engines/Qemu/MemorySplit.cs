using System.Buffers.Binary;
using System.Text;

namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// Parts the stream of a machine's state as QEMU sends it: the guest's memory goes into a file of its own, sparse, each page at its place, and all
/// else stays a stream that QEMU takes. A memory that lies so is mapped by the machine that goes on, and not read. Source: QEMU's
/// <c>migration/savevm.c</c> and <c>migration/ram.c</c> (format 3, since QEMU 2.5).
/// </summary>
/// <param name="from">QEMU's end; it may belong to a guest that broke out.</param>
/// <param name="state">What is no page of the memory.</param>
/// <param name="memory">As large as the memory, and empty.</param>
/// <param name="most">Bytes that QEMU may send.</param>
internal sealed class MemorySplit(Stream from, Stream state, FileStream memory, long most)
{
    private const int PageBytes = 4096;
    private const int LongestName = 255;

    // These flags are of ram.c; others need capabilities that this tool never switches on.
    private const ulong Zero = 0x02;
    private const ulong Blocks = 0x04;
    private const ulong Page = 0x08;
    private const ulong End = 0x10;
    private const ulong Continue = 0x20;
    private const ulong Flags = PageBytes - 1;

    private readonly byte[] buffer = new byte[1 << 20];
    private readonly byte[] pages = new byte[1 << 20];
    private int read;
    private int filled;
    private int taken;
    private long pagesAt;
    private int pagesFilled;
    private long received;

    // A page that follows another of its block, also in the next section, does not name the block again.
    private string block = "";

    /// <returns>When all was sent.</returns>
    /// <exception cref="UnknownStreamException">It is of a form that this does not know; nothing that was written is of use.</exception>
    /// <exception cref="IOException">A file can't be written: the disk is full.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        Expect(await NumberAsync(4, cancel) == 0x5145564d && await NumberAsync(4, cancel) == 3, "its first words");
        Expect(await ByteAsync(cancel) == 0x07, "no description of the machine");
        await BytesAsync((int)Math.Min(await NumberAsync(4, cancel), int.MaxValue), LongestName, cancel);
        ulong? section = null;
        while (true)
        {
            await KeepAsync(cancel);
            var kind = await ByteAsync(cancel);
            var id = await NumberAsync(4, cancel);
            switch (kind)
            {
                // The memory's first section begins: only memory is sent in pieces.
                case 0x01 when section is null && await NameAsync(cancel) == "ram":
                    section = id;
                    await BytesAsync(8, 8, cancel);
                    await PiecesAsync(cancel);
                    break;
                case 0x02 or 0x03 when id == section:
                    await PiecesAsync(cancel);
                    break;
                // A device's section: no memory follows it.
                case 0x04 when section is not null:
                    await FlushAsync(cancel);
                    await RestAsync(cancel);
                    return;
                default:
                    throw new UnknownStreamException($"a section of kind {kind}");
            }

            Expect(await ByteAsync(cancel) == 0x7e && await NumberAsync(4, cancel) == id, "a section does not end");
        }
    }

    private async Task PiecesAsync(CancellationToken cancel)
    {
        await KeepAsync(cancel);
        while (true)
        {
            var header = await NumberAsync(8, cancel);
            var (flags, at) = (header & Flags, (long)(header & ~Flags));
            if (flags == End)
            {
                return;
            }

            if (flags == Blocks)
            {
                await ListAsync(at, cancel);
                continue;
            }

            Expect((flags & ~Continue) is Zero or Page && ((flags & Continue) == 0 || block.Length > 0), $"a page with flags {flags:x}");
            block = (flags & Continue) == 0 ? await NameAsync(cancel) : block;
            await BytesAsync((flags & Page) != 0 ? PageBytes : 1, PageBytes, cancel);
            if (!IsMemory(block))
            {
                await KeepAsync(cancel);
                continue;
            }

            Expect(at >= 0 && at <= memory.Length - PageBytes, "a page lies outside of the memory");
            if ((flags & Page) != 0)
            {
                await PutAsync(at, buffer.AsMemory(read - PageBytes, PageBytes), cancel);
            }
            else
            {
                Expect(buffer[read - 1] == 0, "a page is filled with something");
                // The page was sent before; a machine that stands still sends none twice.
                if (at < pagesAt + pagesFilled)
                {
                    await PutAsync(at, new byte[PageBytes], cancel);
                }
            }

            taken = read;
        }
    }

    // The list names the blocks: the machine's memory is one, firmware the others.
    private async Task ListAsync(long bytes, CancellationToken cancel)
    {
        var found = false;
        while (bytes > 0)
        {
            var name = await NameAsync(cancel);
            var length = (long)await NumberAsync(8, cancel);
            Expect(length > 0 && length <= bytes, "a block's length");
            bytes -= length;
            if (IsMemory(name))
            {
                Expect(length == memory.Length, $"its memory has {length} bytes");
                found = true;
            }
        }

        Expect(found, "no memory");
        await KeepAsync(cancel);
    }

    // The memory's id on the command line, alone or as a path.
    private static bool IsMemory(string name) => name is "mem" or "/objects/mem";

    private async Task PutAsync(long at, ReadOnlyMemory<byte> page, CancellationToken cancel)
    {
        if (at != pagesAt + pagesFilled || pagesFilled == pages.Length)
        {
            await FlushAsync(cancel);
            (pagesAt, pagesFilled) = (at, 0);
        }

        page.CopyTo(pages.AsMemory(pagesFilled));
        pagesFilled += PageBytes;
    }

    private async Task FlushAsync(CancellationToken cancel)
    {
        await RandomAccess.WriteAsync(memory.SafeFileHandle, pages.AsMemory(0, pagesFilled), pagesAt, cancel);
        pagesAt += pagesFilled;
        pagesFilled = 0;
    }

    private async Task<string> NameAsync(CancellationToken cancel)
    {
        var length = await ByteAsync(cancel);
        await BytesAsync(length, LongestName, cancel);
        return Encoding.UTF8.GetString(buffer, read - length, length);
    }

    private async ValueTask<byte> ByteAsync(CancellationToken cancel)
    {
        await BytesAsync(1, 1, cancel);
        return buffer[read - 1];
    }

    private async ValueTask<ulong> NumberAsync(int bytes, CancellationToken cancel)
    {
        await BytesAsync(bytes, bytes, cancel);
        return bytes == 4 ? BinaryPrimitives.ReadUInt32BigEndian(buffer.AsSpan(read - 4)) : BinaryPrimitives.ReadUInt64BigEndian(buffer.AsSpan(read - 8));
    }

    // The bytes end at "read"; what was read since "taken" stays in the buffer.
    private async ValueTask BytesAsync(int count, int longest, CancellationToken cancel)
    {
        Expect(count <= longest, "something is longer than it can be");
        while (filled - read < count)
        {
            await FillAsync(cancel);
        }

        read += count;
    }

    private async Task FillAsync(CancellationToken cancel)
    {
        if (taken > 0)
        {
            buffer.AsSpan(taken, filled - taken).CopyTo(buffer);
            (read, filled, taken) = (read - taken, filled - taken, 0);
        }

        Expect(filled < buffer.Length, "a section's beginning is longer than it can be");
        var count = await from.ReadAsync(buffer.AsMemory(filled), cancel);
        Expect(count > 0, "it ends too soon");
        Count(count);
        filled += count;
    }

    private async Task KeepAsync(CancellationToken cancel)
    {
        await state.WriteAsync(buffer.AsMemory(taken, read - taken), cancel);
        taken = read;
    }

    private async Task RestAsync(CancellationToken cancel)
    {
        await state.WriteAsync(buffer.AsMemory(taken, filled - taken), cancel);
        while (await from.ReadAsync(buffer, cancel) is > 0 and var count)
        {
            Count(count);
            await state.WriteAsync(buffer.AsMemory(0, count), cancel);
        }
    }

    private void Count(int bytes)
    {
        received += bytes;
        if (received > most)
        {
            throw StateTransfer.TooMuch();
        }
    }

    private static void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new UnknownStreamException(what);
        }
    }
}

/// <summary>QEMU sends a machine's state in a form that is not known here.</summary>
internal sealed class UnknownStreamException(string what) : Exception($"QEMU's stream of the machine's state is not as it is known: {what}");
