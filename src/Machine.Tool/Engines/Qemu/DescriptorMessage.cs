using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Machine.Tool.Engines.Qemu;

/// <summary>Bytes with an open descriptor, which the receiver then has too (SCM_RIGHTS). .NET's sockets send none.</summary>
internal static unsafe partial class DescriptorMessage
{
    /// <returns>How many bytes went.</returns>
    /// <exception cref="IOException">None did.</exception>
    public static int Send(Socket to, ReadOnlySpan<byte> bytes, Socket handed)
    {
        // https://man7.org/linux/man-pages/man3/cmsg.3.html
        var control = stackalloc byte[24];
        *(nuint*)control = 20;
        *(int*)(control + 8) = 1;      // SOL_SOCKET
        *(int*)(control + 12) = 1;     // SCM_RIGHTS
        *(int*)(control + 16) = (int)handed.Handle;
        fixed (byte* first = bytes)
        {
            var piece = new Piece { Base = first, Length = (nuint)bytes.Length };
            var message = new Message { Pieces = &piece, PieceCount = 1, Control = control, ControlLength = 24 };
            // A few bytes into an empty buffer: it takes them at once, or nobody reads there.
            var sent = SendMessage((int)to.Handle, &message, 0x4000 | 0x40);    // MSG_NOSIGNAL, MSG_DONTWAIT
            return sent > 0 ? (int)sent : throw new IOException(new Win32Exception(Marshal.GetLastPInvokeError()).Message);
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(int socket, Message* message, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct Piece
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public nuint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
