using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Machine.Build.Client;

/// <summary>
/// One run of dotnet-machine with both streams drained. To cancel it is to interrupt it: the client then ends the command
/// in the guest with all that it started, and brings its outputs. A client that dies leaves nothing running either: its lease ends.
/// </summary>
internal sealed class ClientProcess : IDisposable
{
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Process process;

    private ClientProcess(Process process) => this.process = process;

    /// <exception cref="System.ComponentModel.Win32Exception">The program can't be started.</exception>
    public static ClientProcess Start(string program, IEnumerable<string> arguments, string directory)
    {
        var start = new ProcessStartInfo(program, CommandArguments.Join(arguments))
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ClientProcess(process);
    }

    /// <summary>Hands on every line and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public int Run(Action<string> output, Action<string> error)
    {
        var reading = new[] { BoundedLines.ReadAsync(process.StandardOutput, output), BoundedLines.ReadAsync(process.StandardError, error) };
        // Not the plain WaitForExit, which waits for the streams too: a process left behind may hold them open for ever.
        while (!process.WaitForExit(1000))
        {
        }

        Task.WaitAll(reading, Patience);
        return process.ExitCode;
    }

    /// <summary>Ends it: asks, asks harder, kills. Returns at once when it is gone.</summary>
    public void Cancel()
    {
        try
        {
            if (Path.DirectorySeparatorChar == '/')
            {
                // The client passes the first on, and gives the command up with the second.
                foreach (var signal in new[] { Interrupt, Terminate })
                {
                    _ = Kill(process.Id, signal);
                    if (process.WaitForExit((int)Patience.TotalMilliseconds))
                    {
                        return;
                    }
                }
            }

            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended meanwhile.
        }
    }

    public void Dispose() => process.Dispose();

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
