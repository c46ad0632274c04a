using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Machine.Tool.Hosting;

/// <summary>Whose a file is, who may change it, when it was made and changed: what lstat says, and .NET does not.</summary>
/// <param name="Mode">Kind and permissions.</param>
/// <param name="BornNs">Nanoseconds since 1970; null where the file system does not keep it.</param>
/// <param name="ChangedNs">When its content, name, owner, permissions or times were changed last, in nanoseconds since 1970: no program can set it.</param>
internal sealed partial record UnixFile(uint Owner, uint Group, uint Mode, long? BornNs, long ChangedNs)
{
    public const uint OthersWrite = 2;
    public const uint GroupWrite = 16;
    private const uint GroupRead = 32;
    private const uint OthersRead = 4;

    private const uint Sticky = 512;
    private const int Here = -100;
    private static readonly bool Mac = OperatingSystem.IsMacOS();

    public bool IsFolder => (Mode & 0xF000) == 0x4000;

    public bool IsFile => (Mode & 0xF000) == 0x8000;

    /// <summary>A character device; a disk, which is a block device, is none.</summary>
    public bool IsCharacterDevice => (Mode & 0xF000) == 0x2000;

    public bool IsLink => (Mode & 0xF000) == 0xA000;

    /// <summary>Of a folder: only an entry's owner may rename or remove it.</summary>
    public bool IsSticky => (Mode & Sticky) != 0;

    public bool GroupMayReadAndWrite => (Mode & (GroupRead | GroupWrite)) == (GroupRead | GroupWrite);

    public bool OthersMayReadAndWrite => (Mode & (OthersRead | OthersWrite)) == (OthersRead | OthersWrite);

    /// <summary>For a person: <c>0755</c>.</summary>
    public string Permissions => Convert.ToString(Mode & 0xFFF, 8).PadLeft(4, '0');

    /// <summary>The process's user: what it creates belongs to it.</summary>
    public static uint Me { get; } = OperatingSystem.IsWindows() ? 0 : GetUserId();

    /// <summary>Of a link itself, not of what it leads to; null where there is nothing.</summary>
    /// <exception cref="IOException">It can't be looked at.</exception>
    public static unsafe UnixFile? TryLook(string path)
    {
        Span<byte> buffer = stackalloc byte[256];
        int result;
        fixed (byte* pointer = buffer)
        {
            // 0x100: don't follow a link. 0xfff: the basic fields, and when it was made.
            result = Mac ? (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? LStat(path, pointer) : LStatInode64(path, pointer)) : Statx(Here, path, 0x100, 0xfff, pointer);
        }

        if (result != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is 2 or 20 ? null : throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        // struct statx of Linux is the same on every processor; struct stat of macOS is the one with 64-bit inodes.
        var born = Nanoseconds(buffer[80..]);
        var bornIsKept = Mac || (BinaryPrimitives.ReadUInt32LittleEndian(buffer) & 0x800) != 0;
        return new UnixFile(
            BinaryPrimitives.ReadUInt32LittleEndian(buffer[(Mac ? 16 : 20)..]),
            BinaryPrimitives.ReadUInt32LittleEndian(buffer[(Mac ? 20 : 24)..]),
            BinaryPrimitives.ReadUInt16LittleEndian(buffer[(Mac ? 4 : 28)..]),
            bornIsKept && born > 0 ? born : null,
            Nanoseconds(buffer[(Mac ? 64 : 96)..]));
    }

    private static long Nanoseconds(ReadOnlySpan<byte> at) =>
        (BinaryPrimitives.ReadInt64LittleEndian(at) * 1_000_000_000) + BinaryPrimitives.ReadUInt32LittleEndian(at[8..]);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "lstat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int LStat(string path, byte* buffer);

    // Macs with Intel's processor keep the old form, with short inode numbers, under the plain name.
    [LibraryImport("libc", EntryPoint = "lstat$INODE64", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int LStatInode64(string path, byte* buffer);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetUserId();
}
