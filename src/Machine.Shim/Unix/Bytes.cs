using System.Runtime.InteropServices;
using System.Text;

namespace Machine.Shim.Unix;

/// <summary>Memory outside of the collector's, NUL at its end, never freed: the process is replaced a moment later.</summary>
internal static unsafe class Bytes
{
    private const int MostBytes = 8 << 20;

    public static byte* Of(string text)
    {
        var count = Encoding.UTF8.GetByteCount(text);
        var memory = (byte*)NativeMemory.Alloc((nuint)count + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(memory, count));
        memory[count] = 0;
        return memory;
    }

    /// <summary>A whole file, or null where it can't be opened or is no size that is expected here.</summary>
    public static byte* OfFile(byte* path, out int length)
    {
        length = 0;
        var file = Libc.Open(path, 0);
        if (file < 0)
        {
            return null;
        }

        var room = 16 << 10;
        var memory = (byte*)NativeMemory.Alloc((nuint)room);
        for (nint count; (count = Libc.Read(file, memory + length, room - length - 1)) > 0;)
        {
            length += (int)count;
            if (length == room - 1)
            {
                room *= 2;
                memory = room <= MostBytes ? (byte*)NativeMemory.Realloc(memory, (nuint)room) : null;
                if (memory is null)
                {
                    break;
                }
            }
        }

        _ = Libc.Close(file);
        if (memory is not null)
        {
            memory[length] = 0;
        }

        return memory;
    }
}
