using System.Text;

namespace Machine.Shim.Windows;

/// <summary>
/// Windows has no exec: a child with the same console, streams and arguments, in a job that ends with this process.
/// Never run by its authors, who had no Windows (docs/transparent-dotnet.md says so).
/// </summary>
internal static unsafe class ChildProcess
{
    public static int Run(string folder, string[] args)
    {
        var file = folder + @"..\..\tool";
        string[] lines = File.Exists(file) ? File.ReadAllLines(file) : [];
        if (lines.Length < 2 || !Path.IsPathFullyQualified(lines[0]) || !Path.IsPathFullyQualified(lines[1]))
        {
            return Fail("this project's .machine folder is incomplete");
        }

        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOTNET_ROOT")))
        {
            Environment.SetEnvironmentVariable("DOTNET_ROOT", lines[0]);
        }

        return Start(CommandTail.ForTool(lines, new string(Kernel32.CommandLine()), args));
    }

    private static int Start(string line)
    {
        var job = Kernel32.CreateJob(0, null);
        var limits = new Kernel32.JobLimits { Flags = Kernel32.KillOnClose };
        _ = Kernel32.SetJob(job, Kernel32.ExtendedLimits, &limits, sizeof(Kernel32.JobLimits));

        var startup = new Kernel32.StartupInfo { Size = sizeof(Kernel32.StartupInfo) };
        Kernel32.ProcessInformation child;
        // CreateProcessW writes into its command line.
        fixed (char* text = (line + "\0").ToCharArray())
        {
            if (Kernel32.CreateProcess(null, text, 0, 0, inheritHandles: 1, Kernel32.CreateSuspended, 0, null, &startup, &child) == 0)
            {
                return Fail("the dotnet-machine that set up this project can't be started");
            }
        }

        // Ctrl+C is the child's to answer. Only now: a child inherits that it is ignored.
        _ = Kernel32.SetCtrlHandler(0, 1);
        _ = Kernel32.AssignToJob(job, child.Process);
        _ = Kernel32.Resume(child.Thread);
        _ = Kernel32.Wait(child.Process, Kernel32.Forever);
        uint code;
        return Kernel32.GetExitCode(child.Process, &code) != 0 ? (int)code : ExitCode.MachineUnavailable;
    }

    private static int Fail(string what)
    {
        var text = Encoding.UTF8.GetBytes($"machine: {what}\n  → dotnet-machine start   (with the hyphen: it sets this project up again)\n");
        fixed (byte* bytes = text)
        {
            int written;
            _ = Kernel32.Write(Kernel32.StandardHandle(Kernel32.StandardError), bytes, text.Length, &written, 0);
        }

        return ExitCode.MachineUnavailable;
    }
}
