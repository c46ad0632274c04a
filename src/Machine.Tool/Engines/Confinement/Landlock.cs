using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Machine.Tool.Engines.Confinement;

/// <summary>What the kernel calls a right of a confined process.</summary>
[Flags]
internal enum Right : ulong
{
    None = 0,
    Execute = 1 << 0,
    WriteFile = 1 << 1,
    ReadFile = 1 << 2,
    ReadFolder = 1 << 3,
    RemoveFolder = 1 << 4,
    RemoveFile = 1 << 5,
    MakeDevice = 1 << 6,
    MakeFolder = 1 << 7,
    MakeFile = 1 << 8,
    MakeSocket = 1 << 9,
    MakePipe = 1 << 10,
    MakeDisk = 1 << 11,
    MakeLink = 1 << 12,
    Move = 1 << 13,
    Truncate = 1 << 14,
    ControlDevice = 1 << 15,

    Read = ReadFile | ReadFolder,
    Write = WriteFile | Truncate,
    OfFiles = Execute | WriteFile | ReadFile | Truncate | ControlDevice,
}

/// <summary>
/// The kernel's walls for one process and its children, made without any privilege. What is not granted is refused; a grant holds for the
/// file that the path names now, not for one that is put in its place later. https://docs.kernel.org/userspace-api/landlock.html
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class Landlock : IDisposable
{
    private const long CreateRuleset = 444;
    private const long AddRule = 445;
    private const nint AskVersion = 1;
    private const nint AskErrata = 2;
    private const int SameProcessSignals = 1 << 1;
    private const int PathBeneath = 1;
    private const int NetPort = 2;
    private const ulong BindTcp = 1 << 0;
    private const ulong ConnectTcp = 1 << 1;
    private const ulong AbstractSockets = 1 << 0;
    private const ulong Signals = 1 << 1;

    // O_PATH, O_NOFOLLOW, O_CLOEXEC. O_NOFOLLOW is another number on ARM.
    private static readonly int OpenFlags = 0x200000 | 0x80000 | (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000);

    private readonly Right handled;

    private Landlock(int ruleset, Right handled)
    {
        Ruleset = ruleset;
        this.handled = handled;
    }

    /// <summary>What the kernel here can; 0: nothing. 4 adds TCP, 6 signals and abstract sockets.</summary>
    public static int Version { get; } = OperatingSystem.IsLinux() ? (int)Math.Max(0, Syscall(CreateRuleset, 0, 0, AskVersion)) : 0;

    /// <summary>The descriptor that a thread restricts itself with.</summary>
    public int Ruleset { get; }

    /// <exception cref="IOException">The kernel refuses.</exception>
    public static unsafe Landlock Create()
    {
        var handled = (Right)(Version >= 5 ? 0xFFFFUL : Version >= 3 ? 0x7FFFUL : Version == 2 ? 0x3FFFUL : 0x1FFFUL);
        // Kernels without this correction forbid a thread to signal another of its own process, which emulators do.
        var signals = (Syscall(CreateRuleset, 0, 0, AskErrata) & SameProcessSignals) != 0 ? Signals : 0;
        var attributes = stackalloc ulong[] { (ulong)handled, BindTcp | ConnectTcp, AbstractSockets | signals };
        var size = Version >= 6 ? 24 : Version >= 4 ? 16 : 8;
        var ruleset = Syscall(CreateRuleset, (nint)attributes, size, 0);
        return ruleset >= 0 ? new Landlock((int)ruleset, handled) : throw Failed("landlock_create_ruleset");
    }

    /// <summary>Grants what lies at and below a path; nothing where there is none.</summary>
    /// <param name="exactly">The path must be a real one, with no link in it.</param>
    /// <exception cref="IOException">It is not, or the kernel refuses.</exception>
    public unsafe void Allow(string path, Right rights, bool exactly = false)
    {
        path = exactly ? path : Hosting.ProjectRoot.RealPath(path);
        var descriptor = Open(path, OpenFlags);
        if (descriptor < 0)
        {
            if (exactly)
            {
                throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
            }

            return;
        }

        try
        {
            // The kernel's own word for what was opened: a link anywhere in the path shows here.
            if (exactly && new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget is var real && real != path)
            {
                throw new IOException($"{path} is not where it was: it leads to {real}");
            }

            var rule = stackalloc byte[12];
            *(ulong*)rule = (ulong)((Directory.Exists(path) ? rights : rights & Right.OfFiles) & handled);
            *(int*)(rule + 8) = descriptor;
            if (*(ulong*)rule != 0 && Syscall(AddRule, Ruleset, PathBeneath, (nint)rule) != 0)
            {
                throw Failed($"landlock_add_rule {path}");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Grants listening at a TCP port. Connecting is granted to nobody.</summary>
    public unsafe void AllowListening(int port)
    {
        var rule = stackalloc ulong[] { BindTcp, (ulong)port };
        if (Version >= 4 && Syscall(AddRule, Ruleset, NetPort, (nint)rule) != 0)
        {
            throw Failed("landlock_add_rule (port)");
        }
    }

    public void Dispose() => _ = Close(Ruleset);

    private static IOException Failed(string call) => new($"{call}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint first, nint second, nint third);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Syscall(long number, nint first, nint second, nint third, nint fourth);

    private static long Syscall(long number, int ruleset, int kind, nint rule) => Syscall(number, ruleset, kind, rule, 0);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
