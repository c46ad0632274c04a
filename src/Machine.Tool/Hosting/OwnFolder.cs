using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Machine.Tool.Hosting;

/// <summary>A folder whose content only this user can have made: what lies in it may be run.</summary>
internal static partial class OwnFolder
{
    private const UnixFileMode Writable = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private static readonly uint Me = OperatingSystem.IsWindows() ? 0 : GetEffectiveUserId();

    /// <summary>False for a link, another user's folder (root is no exception), and one that others may write.</summary>
    public static bool IsMine(string folder)
    {
        var info = new DirectoryInfo(folder);
        return info is { Exists: true, LinkTarget: null }
            && (OperatingSystem.IsWindows() || ((info.UnixFileMode & Writable) == UnixFileMode.None && (!OperatingSystem.IsLinux() || Owner(folder) == Me)));
    }

    /// <exception cref="MachineException">Somebody else may have made what lies in it.</exception>
    public static void Require(string folder)
    {
        if (!IsMine(folder))
        {
            throw new MachineException(
                $"{folder} is another user's, a link, or others may write it: nothing of it is used", "set MACHINE_HOME to a folder of your own, or take the others' right away: chmod go-w", ExitCode.MachineUnavailable);
        }
    }

    private static unsafe uint? Owner(string folder)
    {
        const int here = -100;
        const int noFollow = 0x100;
        const uint owner = 0x8;
        Span<byte> stat = stackalloc byte[256];
        fixed (byte* pointer = stat)
        {
            return Statx(here, folder, noFollow, owner, pointer) == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(stat[20..]) : null;
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int Statx(int folder, string name, int flags, uint mask, byte* buffer);
}
