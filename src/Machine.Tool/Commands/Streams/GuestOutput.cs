using System.Diagnostics;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Hosting.Output;
using Microsoft.Win32.SafeHandles;

namespace Machine.Tool.Commands.Streams;

/// <summary>
/// The way of what a command in the guest writes to this process's streams. It goes straight there, and costs nothing, where a file or
/// another program reads it; where a terminal or a pipeline's runner does, which obey what they read, it comes through filters.
/// </summary>
internal sealed class GuestOutput : ICommandStreams
{
    // What is still in a pipe comes at once; a process that was left behind may hold the other end for ever.
    private static readonly TimeSpan Patience = TimeLimit.Settle(2);

    private readonly bool raw;
    private readonly bool outputOnError;
    private readonly ByteFilter[] output;
    private readonly ByteFilter[] error;
    private readonly List<StreamPump> pumps = [];

    /// <param name="raw">Nothing is filtered.</param>
    /// <param name="outputOnError">All comes on standard error: standard output is this tool's own.</param>
    public GuestOutput(bool raw, bool outputOnError = false)
    {
        this.raw = raw;
        this.outputOnError = outputOnError;
        var pipeline = !raw && Pipeline.IsThere;
        output = outputOnError ? Filters(Terminal.ErrorIsTerminal, pipeline, 2) : Filters(Terminal.OutputIsTerminal, pipeline, 1);
        error = Filters(Terminal.ErrorIsTerminal, pipeline, 2);
    }

    public void Prepare(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = outputOnError || output.Length > 0;
        start.RedirectStandardError = error.Length > 0;
    }

    public void Begin(Process process)
    {
        if (outputOnError || output.Length > 0)
        {
            pumps.Add(new StreamPump(process.StandardOutput.BaseStream, outputOnError ? Console.OpenStandardError() : Console.OpenStandardOutput(), output));
        }

        if (error.Length > 0)
        {
            pumps.Add(new StreamPump(process.StandardError.BaseStream, Console.OpenStandardError(), error));
        }
    }

    /// <summary>After the process: waits for the rest, puts the terminal in order, and says what was changed.</summary>
    public void End()
    {
        pumps.ForEach(pump => pump.Join(Patience));
        TerminalOrder.After(raw ? TerminalTraces.Modes | TerminalTraces.Palette : output.Concat(error).OfType<TerminalFilter>().Aggregate(TerminalTraces.None, (all, filter) => all | filter.Traces));
        var defused = output.Concat(error).OfType<RunnerFilter>().Sum(filter => filter.Defused);
        if (defused > 0)
        {
            Console.Error.WriteLine($"machine: {defused} {(defused == 1 ? "command" : "commands")} for the pipeline in the output made text; {Pipeline.RawVariable}=1 lets such through");
        }
    }

    private ByteFilter[] Filters(bool terminal, bool pipeline, int descriptor) =>
        raw ? []
        : terminal ? pipeline ? [new TerminalFilter(), new RunnerFilter()] : [new TerminalFilter()]
        : pipeline && !IsFile(descriptor) ? [new RunnerFilter()]
        : [];

    // A runner reads a pipe; what goes to a file (which can be sought in) is the file's, byte for byte.
    private static bool IsFile(int descriptor)
    {
        try
        {
            using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
            return RandomAccess.GetLength(handle) >= 0;
        }
        catch (Exception e) when (e is IOException or NotSupportedException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
