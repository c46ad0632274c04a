using System.Runtime.InteropServices;

namespace Machine.Tool.Engines.Confinement;

/// <summary>
/// System calls that an emulator never needs and a program that broke out of it wants: they answer EPERM. Beside the emulator's own
/// filter, because that one lets it connect to every socket of the user: the session's bus, an ssh agent, a container engine.
/// https://docs.kernel.org/userspace-api/seccomp_filter.html
/// </summary>
internal static class SystemCallFilter
{
    private const uint Refuse = 0x00050000 | 1;          // SECCOMP_RET_ERRNO, EPERM
    private const uint NotThere = 0x00050000 | 38;       // ENOSYS: the C library falls back to clone
    private const uint Allow = 0x7fff0000;
    private const uint Kill = 0x80000000;                // SECCOMP_RET_KILL_PROCESS
    private const ushort Load = 0x20;                    // BPF_LD | BPF_W | BPF_ABS
    private const ushort IfEqual = 0x15;                 // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort IfAtLeast = 0x35;               // BPF_JMP | BPF_JGE | BPF_K
    private const ushort IfAnyBit = 0x45;                // BPF_JMP | BPF_JSET | BPF_K
    private const ushort And = 0x54;                     // BPF_ALU | BPF_AND | BPF_K
    private const ushort Return = 0x06;                  // BPF_RET | BPF_K
    private const uint Number = 0;
    private const uint Machine = 4;
    private const uint First = 16;
    private const uint Second = 24;
    private const uint Third = 32;
    private const uint Fourth = 40;
    private const uint OpensConnection = 0x20000000;     // MSG_FASTOPEN
    private const uint NewNamespaces = 0x7E020000;       // CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET

    // Name, number on x86-64, number on arm64.
    private static readonly (string Name, uint Intel, uint Arm)[] Refused =
    [
        ("connect", 42, 203),
        ("ptrace", 101, 117), ("process_vm_readv", 310, 270), ("process_vm_writev", 311, 271), ("kcmp", 312, 272), ("pidfd_getfd", 438, 438),
        ("kill", 62, 129), ("tkill", 200, 130), ("rt_sigqueueinfo", 129, 138), ("rt_tgsigqueueinfo", 297, 240), ("pidfd_send_signal", 424, 424),
        ("open_by_handle_at", 304, 265), ("userfaultfd", 323, 282), ("bpf", 321, 280), ("perf_event_open", 298, 241),
        // It would do all of the others unseen.
        ("io_uring_setup", 425, 425), ("io_uring_enter", 426, 426), ("io_uring_register", 427, 427),
        ("add_key", 248, 217), ("request_key", 249, 218), ("keyctl", 250, 219),
        ("mount", 165, 40), ("umount2", 166, 39), ("pivot_root", 155, 41), ("chroot", 161, 51), ("unshare", 272, 97), ("setns", 308, 268),
        ("open_tree", 428, 428), ("move_mount", 429, 429), ("fsopen", 430, 430), ("fsconfig", 431, 431), ("fsmount", 432, 432), ("fspick", 433, 433),
        ("mount_setattr", 442, 442), ("init_module", 175, 105), ("finit_module", 313, 273), ("delete_module", 176, 106),
        ("kexec_load", 246, 104), ("kexec_file_load", 320, 294), ("acct", 163, 89), ("swapon", 167, 224), ("swapoff", 168, 225), ("reboot", 169, 142),
        // Memory, queues and counters of the user's other programs, which are found by number, not by path.
        ("shmget", 29, 194), ("shmat", 30, 196), ("shmctl", 31, 195), ("semget", 64, 190), ("semop", 65, 193), ("semctl", 66, 191), ("semtimedop", 220, 192),
        ("msgget", 68, 186), ("msgsnd", 69, 189), ("msgrcv", 70, 188), ("msgctl", 71, 187), ("mq_open", 240, 180), ("mq_unlink", 241, 181),
        ("process_madvise", 440, 440), ("migrate_pages", 256, 238), ("move_pages", 279, 239),
        ("settimeofday", 164, 170), ("clock_settime", 227, 112), ("quotactl", 179, 60), ("syslog", 103, 116),
    ];

    public static bool IsKnown => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>The kernel's own form: eight bytes an instruction.</summary>
    public static ulong[] Program()
    {
        var arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        List<ulong> program =
        [
            Step(Load, Machine),
            Step(IfEqual, arm ? 0xC00000B7 : 0xC000003E, yes: 1),
            Step(Return, Kill),
            Step(Load, Number),
        ];
        if (!arm)
        {
            // The same kernel's calls with other numbers (x32).
            program.AddRange([Step(IfAtLeast, 0x40000000, no: 1), Step(Return, Kill)]);
        }

        foreach (var (_, intel, number) in Refused)
        {
            program.AddRange([Step(IfEqual, arm ? number : intel, no: 1), Step(Return, Refuse)]);
        }

        program.AddRange(
        [
            Step(IfEqual, 435, no: 1),                          // clone3: what it makes can't be seen from here
            Step(Return, NotThere),
            Step(IfEqual, arm ? 220u : 56u, no: 4),             // clone
            Step(Load, First),
            Step(IfAnyBit, NewNamespaces, no: 1),
            Step(Return, Refuse),
            Step(Return, Allow),
            // A message that opens a connection by itself passes by connect, and by Landlock.
            .. RefuseBits(arm ? 206u : 44u, Fourth, OpensConnection),      // sendto
            .. RefuseBits(arm ? 211u : 46u, Third, OpensConnection),       // sendmsg
            .. RefuseBits(arm ? 269u : 307u, Fourth, OpensConnection),     // sendmmsg
            .. RefuseBits(arm ? 261u : 302u, First, uint.MaxValue),        // prlimit64 of another process: a limit on its time ends it
            Step(IfEqual, arm ? 199u : 53u, no: 5),             // socketpair: datagrams of one of a pair go to any address
            Step(Load, Second),
            Step(And, 0xF),
            Step(IfEqual, 1, yes: 1),
            Step(Return, Refuse),
            Step(Return, Allow),
            Step(IfEqual, arm ? 198u : 41u, no: 12),            // socket: a stream, of this host or TCP itself; what it may reach is Landlock's
            Step(Load, First),
            Step(IfEqual, 1, yes: 2),
            Step(IfEqual, 2, yes: 1),
            Step(IfEqual, 10, no: 6),
            Step(Load, Second),
            Step(And, 0xF),
            Step(IfEqual, 1, no: 3),
            Step(Load, Third),
            Step(IfEqual, 0, yes: 2),
            Step(IfEqual, 6, yes: 1),
            Step(Return, Refuse),
            Step(Return, Allow),
            Step(Return, Allow),
        ]);
        return [.. program];
    }

    private static IEnumerable<ulong> RefuseBits(uint call, uint argument, uint bits) =>
        [Step(IfEqual, call, no: 4), Step(Load, argument), Step(IfAnyBit, bits, no: 1), Step(Return, Refuse), Step(Return, Allow)];

    private static ulong Step(ushort code, uint value, byte yes = 0, byte no = 0) => code | ((ulong)yes << 16) | ((ulong)no << 24) | ((ulong)value << 32);
}
