using System.Runtime.InteropServices;

namespace Machine.Shim.Unix;

/// <summary>The system calls, with blittable arguments alone: nothing is marshalled.</summary>
internal static unsafe class Libc
{
    public const int NoSuchFile = 2;

    [DllImport("libc", EntryPoint = "execv")]
    public static extern int Exec(byte* path, byte** arguments);

    [DllImport("libc", EntryPoint = "open")]
    public static extern int Open(byte* path, int flags);

    [DllImport("libc", EntryPoint = "read")]
    public static extern nint Read(int file, byte* buffer, nint count);

    [DllImport("libc", EntryPoint = "write")]
    public static extern nint Write(int file, byte* buffer, nint count);

    [DllImport("libc", EntryPoint = "close")]
    public static extern int Close(int file);

    [DllImport("libc", EntryPoint = "setenv")]
    public static extern int SetVariable(byte* name, byte* value, int overwrite);
}
