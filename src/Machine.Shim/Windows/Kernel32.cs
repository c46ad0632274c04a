using System.Runtime.InteropServices;

namespace Machine.Shim.Windows;

/// <summary>The system calls, with blittable arguments alone.</summary>
internal static unsafe class Kernel32
{
    public const uint CreateSuspended = 0x4;
    public const uint Forever = 0xFFFFFFFF;
    public const int StandardError = -12;

    /// <summary>JobObjectExtendedLimitInformation.</summary>
    public const int ExtendedLimits = 9;

    /// <summary>JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE: when this process goes, however, so does the child.</summary>
    public const uint KillOnClose = 0x2000;

    [DllImport("kernel32", EntryPoint = "GetCommandLineW")]
    public static extern char* CommandLine();

    [DllImport("kernel32", EntryPoint = "SetConsoleCtrlHandler")]
    public static extern int SetCtrlHandler(nint handler, int ignore);

    [DllImport("kernel32", EntryPoint = "CreateJobObjectW")]
    public static extern nint CreateJob(nint security, char* name);

    [DllImport("kernel32", EntryPoint = "SetInformationJobObject")]
    public static extern int SetJob(nint job, int kind, void* limits, int size);

    [DllImport("kernel32", EntryPoint = "AssignProcessToJobObject")]
    public static extern int AssignToJob(nint job, nint process);

    [DllImport("kernel32", EntryPoint = "CreateProcessW")]
    public static extern int CreateProcess(
        char* program, char* commandLine, nint processSecurity, nint threadSecurity, int inheritHandles, uint flags, nint environment, char* folder,
        StartupInfo* startup, ProcessInformation* process);

    [DllImport("kernel32", EntryPoint = "ResumeThread")]
    public static extern uint Resume(nint thread);

    [DllImport("kernel32", EntryPoint = "WaitForSingleObject")]
    public static extern uint Wait(nint handle, uint milliseconds);

    [DllImport("kernel32", EntryPoint = "GetExitCodeProcess")]
    public static extern int GetExitCode(nint process, uint* code);

    [DllImport("kernel32", EntryPoint = "GetStdHandle")]
    public static extern nint StandardHandle(int which);

    [DllImport("kernel32", EntryPoint = "WriteFile")]
    public static extern int Write(nint file, byte* buffer, int count, int* written, nint overlapped);

    /// <summary>STARTUPINFOW. All zero but its size: the child takes this process's console and streams.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct StartupInfo
    {
        public int Size;
        public nint Reserved;
        public nint Desktop;
        public nint Title;
        public int X;
        public int Y;
        public int Width;
        public int Height;
        public int Columns;
        public int Rows;
        public int Fill;
        public int Flags;
        public short Show;
        public short ReservedSize;
        public nint ReservedBytes;
        public nint Input;
        public nint Output;
        public nint Error;
    }

    /// <summary>PROCESS_INFORMATION.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ProcessInformation
    {
        public nint Process;
        public nint Thread;
        public int ProcessId;
        public int ThreadId;
    }

    /// <summary>JOBOBJECT_EXTENDED_LIMIT_INFORMATION: only the flags are set.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct JobLimits
    {
        public long ProcessTime;
        public long JobTime;
        public uint Flags;
        public nuint LeastWorkingSet;
        public nuint MostWorkingSet;
        public uint ActiveProcesses;
        public nuint Affinity;
        public uint Priority;
        public uint Scheduling;
        public fixed ulong Counters[6];
        public nuint ProcessMemory;
        public nuint JobMemory;
        public nuint PeakProcessMemory;
        public nuint PeakJobMemory;
    }
}
