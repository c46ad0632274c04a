using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Engines.Confinement;

/// <summary>
/// Starts a program behind walls that it can't take down. They are put up around a thread that ends right after, and what the
/// thread starts is born behind them: no launcher, no time lost, nothing of ours is confined.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class ConfinedProcess
{
    private const int ReadAnything = 2;    // CAP_DAC_READ_SEARCH: root's projects hold files of others
    private const int Capabilities = 64;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Returns the process id, of a session of its own with nothing but its words' file open.</summary>
    /// <param name="environment">NAME=value.</param>
    /// <exception cref="MachineException">It could not be started, or the kernel refused a wall.</exception>
    public static int Start(string program, IReadOnlyList<string> arguments, IEnumerable<string> environment, string log, Confinement confinement)
    {
        using var words = File.OpenHandle(log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        using var memory = new NativeMemoryPool();
        try
        {
            // Appends, so that whoever cuts the file off keeps it short.
            _ = Fcntl((int)words.DangerousGetHandle(), 4, 0x400);    // F_SETFL, O_APPEND
            using var walls = Confinement.WallsOffFiles ? Walls(confinement) : null;
            var launch = (Launch*)memory.Take(sizeof(Launch));
            launch->Syscall = (delegate* unmanaged<long, nint, nint, nint, nint, nint, long>)Symbol("syscall");
            launch->Spawn = (delegate* unmanaged<int*, nint, nint, nint, nint*, nint*, int>)Symbol("posix_spawn");
            var calls = Calls(walls, memory);
            launch->Calls = (Call*)memory.Take(sizeof(Call) * calls.Count);
            launch->Count = calls.Count;
            for (var i = 0; i < calls.Count; i++)
            {
                launch->Calls[i] = calls[i];
            }

            launch->Program = memory.Text(program);
            launch->Arguments = memory.Texts([program, .. arguments]);
            launch->Environment = memory.Texts(environment);
            launch->Actions = memory.Take(1024);
            launch->Attributes = memory.Take(1024);
            Prepare(launch, (int)words.DangerousGetHandle(), memory.Text("/dev/null"));

            // Of its own: what it does to itself ends with it. Nothing but system calls may happen on it, as a thread that the
            // runtime made meanwhile would be confined too.
            var thread = new Thread(static state => Enter((nint)state!), maxStackSize: 256 << 10) { IsBackground = true, Name = "confined start" };
            thread.Start((nint)launch);
            thread.Join();
            if (launch->Refused is var refused and > 0)
            {
                throw Failed(program, $"the kernel refused to confine it (step {refused}): {Marshal.GetPInvokeErrorMessage(launch->Error)}");
            }

            if (launch->Error != 0)
            {
                throw Failed(program, Marshal.GetPInvokeErrorMessage(launch->Error));
            }

            Limit(launch->ProcessId, confinement);
            return launch->ProcessId;
        }
        catch (IOException e)
        {
            throw Failed(program, e.Message, e);
        }
    }

    /// <summary>Takes the corpse of one that has ended; nothing where it was another's child.</summary>
    public static void Bury(int process) => HasEnded(process, out _);

    /// <summary>Whether one that was started here has ended; it is asked no more after a yes.</summary>
    /// <param name="exitCode">A shell's for one that a signal ended; null where somebody else took it, who ignores the ends of children.</param>
    public static bool HasEnded(int process, out int? exitCode)
    {
        int status;
        var found = WaitPid(process, &status, 1);    // WNOHANG
        exitCode = found != process ? null : (status & 0x7F) is not 0 and var signal ? 128 + signal : (status >> 8) & 0xFF;
        return found != 0;
    }

    private static MachineException Failed(string program, string why, Exception? inner = null) =>
        new($"{program} could not be started: {why}", exitCode: ExitCode.MachineUnavailable, inner: inner);

    private static Landlock Walls(Confinement confinement)
    {
        var walls = Landlock.Create();
        foreach (var grant in confinement.Grants)
        {
            walls.Allow(grant.Path, grant.Rights, grant.Exactly);
        }

        if (confinement.ListensAt is { } port)
        {
            walls.AllowListening(port);
        }

        return walls;
    }

    private static List<Call> Calls(Landlock? walls, NativeMemoryPool memory)
    {
        var prctl = Arm ? 167 : 157;
        // https://man7.org/linux/man-pages/man2/capset.2.html: a header, then effective, permitted, inheritable, twice.
        var header = (uint*)memory.Take(8);
        header[0] = 0x20080522;
        var sets = (uint*)memory.Take(24);
        _ = CapGet((nint)header, (nint)sets);
        var kept = sets[1] & (Environment.IsPrivilegedProcess ? 1u << ReadAnything : 0);
        (sets[0], sets[1], sets[2], sets[3], sets[4], sets[5]) = (kept, kept, 0, 0, 0, 0);
        List<Call> calls =
        [
            // Only root can, and only root needs it: what root starts is given all capabilities of this set.
            .. Enumerable.Range(0, Capabilities).Where(capability => capability != ReadAnything).Select(capability => new Call(prctl, 24, capability) { MayFail = 1 }),    // PR_CAPBSET_DROP
            new Call(prctl, 47, 4) { MayFail = 1 },                     // PR_CAP_AMBIENT_CLEAR_ALL
            new Call(Arm ? 91 : 126, (nint)header, (nint)sets),         // capset
            new Call(prctl, 38, 1),                                     // PR_SET_NO_NEW_PRIVS
        ];
        if (walls is not null)
        {
            calls.Add(new Call(446, walls.Ruleset, 0));                 // landlock_restrict_self
        }

        if (SystemCallFilter.IsKnown)
        {
            var filter = SystemCallFilter.Program();
            var steps = (ulong*)memory.Take(filter.Length * 8);
            filter.CopyTo(new Span<ulong>(steps, filter.Length));
            var program = (nint*)memory.Take(16);
            *(ushort*)program = (ushort)filter.Length;
            program[1] = (nint)steps;
            // SECCOMP_SET_MODE_FILTER. Kernels without filters have no walls either.
            calls.Add(new Call(Arm ? 277 : 317, 1, 0, (nint)program) { MayFail = walls is null ? 1 : 0 });
        }

        return calls;
    }

    private static void Prepare(Launch* launch, int words, nint nothing)
    {
        _ = ActionsInit(launch->Actions);
        _ = AddOpen(launch->Actions, 0, nothing, 0, 0);
        _ = AddDup(launch->Actions, words, 1);
        _ = AddDup(launch->Actions, words, 2);
        _ = AttributesInit(launch->Attributes);
        // POSIX_SPAWN_SETSIGDEF, SETSIGMASK, SETSID: neither the terminal's end nor its starter's takes it along.
        _ = SetFlags(launch->Attributes, 0x04 | 0x08 | 0x80);
        var signals = stackalloc ulong[16];
        signals[0] = 1UL << 12;    // SIGPIPE, which the runtime ignores
        _ = SetDefaults(launch->Attributes, signals);
        var none = stackalloc ulong[16];
        _ = SetMask(launch->Attributes, none);
    }

    // Compiled at once and never again: the runtime's counting of calls would start a thread.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Enter(nint pointer)
    {
        var launch = (Launch*)pointer;
        for (var i = 0; i < launch->Count; i++)
        {
            var call = launch->Calls + i;
            if (launch->Syscall(call->Number, call->First, call->Second, call->Third, 0, 0) < 0 && call->MayFail == 0)
            {
                launch->Error = Marshal.GetLastSystemError();
                launch->Refused = i + 1;
                return;
            }
        }

        launch->Error = launch->Spawn(&launch->ProcessId, launch->Program, launch->Actions, launch->Attributes, launch->Arguments, launch->Environment);
    }

    // Set from outside: it has not run a guest's instruction yet. Processes are not counted, as the kernel counts all of a user's;
    // the emulator's own filter lets it start none.
    private static void Limit(int process, Confinement confinement)
    {
        var none = stackalloc ulong[] { 0, 0 };
        _ = LimitResource(process, 4, none, null);                      // RLIMIT_CORE
        if (confinement.LargestFile is { } bytes)
        {
            var largest = stackalloc ulong[] { (ulong)bytes, (ulong)bytes };
            _ = LimitResource(process, 1, largest, null);               // RLIMIT_FSIZE
        }

        var files = stackalloc ulong[2];
        if (LimitResource(process, 7, null, files) == 0)                // RLIMIT_NOFILE
        {
            files[1] = Math.Min(files[1], Math.Max(files[0], 1 << 16));
            _ = LimitResource(process, 7, files, null);
        }

        // Linux shares processors among sessions first: a priority counts only when the new session has it too.
        try
        {
            File.WriteAllText($"/proc/{process}/autogroup", $"{GetPriority(0, 0)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not every kernel groups them.
        }
    }

    private static nint Symbol(string name) => NativeLibrary.GetExport(NativeLibrary.Load("libc", typeof(ConfinedProcess).Assembly, null), name);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(int descriptor, int command, int value);

    [LibraryImport("libc", EntryPoint = "capget")]
    private static partial int CapGet(nint header, nint data);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int WaitPid(int process, int* status, int options);

    [LibraryImport("libc", EntryPoint = "prlimit")]
    private static partial int LimitResource(int process, int resource, ulong* set, ulong* old);

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int ActionsInit(nint actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen")]
    private static partial int AddOpen(nint actions, int descriptor, nint path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDup(nint actions, int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(nint attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(nint attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(nint attributes, ulong* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(nint attributes, ulong* signals);

    /// <summary>One system call.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Call(long number, nint first, nint second, nint third = 0)
    {
        public long Number = number;
        public nint First = first;
        public nint Second = second;
        public nint Third = third;
        public int MayFail;
    }

    private struct Launch
    {
        public delegate* unmanaged<long, nint, nint, nint, nint, nint, long> Syscall;
        public delegate* unmanaged<int*, nint, nint, nint, nint*, nint*, int> Spawn;
        public Call* Calls;
        public int Count;
        public nint Program;
        public nint Actions;
        public nint Attributes;
        public nint* Arguments;
        public nint* Environment;
        public int ProcessId;
        public int Refused;
        public int Error;
    }

    /// <summary>Memory that no collector moves, all given back at once.</summary>
    private sealed class NativeMemoryPool : IDisposable
    {
        private readonly List<nint> taken = [];

        public nint Take(int bytes)
        {
            taken.Add((nint)NativeMemory.AllocZeroed((nuint)bytes));
            return taken[^1];
        }

        public nint Text(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text + '\0');
            var place = Take(bytes.Length);
            bytes.CopyTo(new Span<byte>((void*)place, bytes.Length));
            return place;
        }

        public nint* Texts(IEnumerable<string> texts)
        {
            var all = texts.Select(Text).ToList();
            var list = (nint*)Take((all.Count + 1) * sizeof(nint));
            for (var i = 0; i < all.Count; i++)
            {
                list[i] = all[i];
            }

            return list;
        }

        public void Dispose()
        {
            foreach (var place in taken)
            {
                NativeMemory.Free((void*)place);
            }
        }
    }
}
