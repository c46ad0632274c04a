using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Machine.Tool.Hosting;

/// <summary>
/// A client's end of a Unix socket. On Unix by the system calls themselves: .NET's sockets, made for thousands of connections, take
/// a process that has just started longer to begin than all it says here.
/// </summary>
internal sealed partial class LocalSocket : IDisposable
{
    private readonly Action shutDown;

    private LocalSocket(Stream stream, Action shutDown)
    {
        Stream = stream;
        this.shutDown = shutDown;
    }

    public Stream Stream { get; }

    /// <summary>On this host somebody listens at once or not at all.</summary>
    /// <exception cref="IOException">Nobody listens.</exception>
    /// <exception cref="MachineException">Another user does. Nothing was sent.</exception>
    public static LocalSocket Connect(string path) =>
        OperatingSystem.IsLinux() ? ConnectByCall(path) : ConnectByLibrary(path);

    /// <summary>Whoever reads or writes meets the end.</summary>
    public void ShutDown() => shutDown();

    public void Dispose() => Stream.Dispose();

    private static LocalSocket ConnectByLibrary(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            if (OperatingSystem.IsMacOS())
            {
                RequireOwnPeer(path, GetPeer(socket.SafeHandle, out var user, out _) == 0 ? user : null);
            }

            return new LocalSocket(new NetworkStream(socket, ownsSocket: true), () => socket.Shutdown(SocketShutdown.Both));
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException(e.Message, e);
        }
        catch (MachineException)
        {
            socket.Dispose();
            throw;
        }
    }

    // The kernel tells who listens: a folder may have been planted between its check and this call.
    private static void RequireOwnPeer(string path, uint? user)
    {
        if (user != UnixFile.Me)
        {
            throw new MachineException(
                $"{path} is answered by {(user is { } other ? $"another user ({OwnFolder.Name(other)})" : "nobody knows whom")}; nothing was sent to it",
                "remove its folder (where another user made it, root can), or set XDG_RUNTIME_DIR to a folder of yours with mode 0700",
                ExitCode.MachineUnavailable);
        }
    }

    [SupportedOSPlatform("linux")]
    private static LocalSocket ConnectByCall(string path)
    {
        // struct sockaddr_un: the family, then the path and a NUL in 108 bytes.
        var name = Encoding.UTF8.GetBytes(path);
        var address = new byte[110];
        if (name.Length >= address.Length - 2)
        {
            throw new IOException($"{path} is too long for a socket's name");
        }

        address[0] = 1;
        name.CopyTo(address, 2);
        var handle = new SafeFileHandle(CreateSocket(1, 1 | 0x80000, 0), ownsHandle: true);    // AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC
        if (handle.IsInvalid || ConnectSocket(handle, address, address.Length) != 0)
        {
            var reason = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
            handle.Dispose();
            throw new IOException($"{path}: {reason}");
        }

        // struct ucred: process, user, group.
        Span<uint> peer = stackalloc uint[3];
        var size = peer.Length * sizeof(uint);
        try
        {
            RequireOwnPeer(path, GetSocketOption(handle, 1, 17, peer, ref size) == 0 ? peer[1] : null);    // SOL_SOCKET, SO_PEERCRED
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        return new LocalSocket(new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0), () => _ = ShutDownSocket(handle, 2));
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int ConnectSocket(SafeFileHandle socket, byte[] address, int length);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int GetSocketOption(SafeFileHandle socket, int level, int name, Span<uint> value, ref int length);

    [LibraryImport("libc", EntryPoint = "getpeereid")]
    private static partial int GetPeer(SafeSocketHandle socket, out uint user, out uint group);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    private static partial int ShutDownSocket(SafeFileHandle socket, int how);
}
