using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Machine.Tool.Workspaces.Host;

/// <summary>The few system calls that act relative to an open folder, which .NET has no API for. Linux and macOS.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class UnixCalls
{
    private static readonly bool Mac = OperatingSystem.IsMacOS();
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static int Read => 0;

    public static int Folder => (Mac ? 0x100000 : Arm ? 0x4000 : 0x10000) | NoFollow | CloseOnExec;

    public static int NoFollow => Mac ? 0x100 : Arm ? 0x8000 : 0x20000;

    public static int NonBlocking => Mac ? 0x4 : 0x800;

    public static int CloseOnExec => Mac ? 0x1000000 : 0x80000;

    /// <summary>Write, create, and fail where something is already there.</summary>
    public static int CreateNew => (Mac ? 0x200 | 0x800 : 0x40 | 0x80) | 1 | NoFollow | CloseOnExec;

    public static int RemoveFolder => Mac ? 0x80 : 0x200;

    public const int NotFound = 2;
    public const int Exists = 17;
    public const int NotAFolder = 20;
    public const int IsAFolder = 21;
    public const int NoSpace = 28;

    public static bool IsLoop(int error) => error == (Mac ? 62 : 40);

    public static bool IsNoSpace(int error) => error == NoSpace || error == (Mac ? 69 : 122);

    /// <summary>File permission bits that this process leaves out of new files. Read once: reading means setting.</summary>
    public static uint Umask { get; } = ReadUmask();

    /// <summary>lstat relative to a folder; null and the error where it fails.</summary>
    public static unsafe HostStat? Stat(SafeFileHandle folder, string name, out int error)
    {
        Span<byte> buffer = stackalloc byte[256];
        int result;
        fixed (byte* pointer = buffer)
        {
            // 0x7ff: the basic fields; 0x100 and 0x20: don't follow a link.
            result = Mac ? (Arm ? FStatAt(folder, name, pointer, 0x20) : FStatAtInode64(folder, name, pointer, 0x20)) : Statx(folder, name, 0x100, 0x7ff, pointer);
        }

        error = result == 0 ? 0 : Marshal.GetLastPInvokeError();
        return result == 0 ? Parse(buffer) : null;
    }

    private static HostStat Parse(ReadOnlySpan<byte> b)
    {
        // struct statx of Linux is the same on every processor; struct stat of macOS is the one with 64-bit inodes.
        int mode = BinaryPrimitives.ReadUInt16LittleEndian(b[(Mac ? 4 : 28)..]);
        var size = BinaryPrimitives.ReadInt64LittleEndian(b[(Mac ? 96 : 40)..]);
        var modified = Time(b[(Mac ? 48 : 112)..]);
        var changed = Time(b[(Mac ? 64 : 96)..]);
        var kind = (mode & 0xF000) switch { 0x8000 => HostKind.File, 0xA000 => HostKind.Link, 0x4000 => HostKind.Folder, _ => HostKind.Other };
        return new HostStat(kind, size, modified, changed, kind == HostKind.File && (mode & 0x49) != 0);
    }

    private static long Time(ReadOnlySpan<byte> b) =>
        (BinaryPrimitives.ReadInt64LittleEndian(b) * 1_000_000_000) + BinaryPrimitives.ReadUInt32LittleEndian(b[8..]);

    private static uint ReadUmask()
    {
        var mask = SetUmask(0x12);
        _ = SetUmask(mask);
        return mask;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle Open(string path, int flags);

    // openat takes the mode as a variadic argument, which macOS on ARM passes elsewhere: the caller sets it with fchmod.
    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle OpenAt(SafeFileHandle folder, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFolderAt(SafeFileHandle folder, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(SafeFileHandle fromFolder, string from, SafeFileHandle toFolder, string to);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(SafeFileHandle folder, string name, int flags);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SymlinkAt(string target, SafeFileHandle folder, string name);

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial nint ReadLinkAt(SafeFileHandle folder, string name, byte* buffer, nint size);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(SafeFileHandle folder, string name, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "fstatat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int FStatAt(SafeFileHandle folder, string name, byte* buffer, int flags);

    // Macs with Intel's processor keep the old form, with short inode numbers, under the plain name.
    [LibraryImport("libc", EntryPoint = "fstatat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int FStatAtInode64(SafeFileHandle folder, string name, byte* buffer, int flags);

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetUmask(uint mask);
}
