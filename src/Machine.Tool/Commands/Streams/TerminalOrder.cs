using System.Runtime.InteropServices;
using System.Text;
using Machine.Tool.Hosting;
using Machine.Tool.Hosting.Output;

namespace Machine.Tool.Commands.Streams;

/// <summary>When this process's own words come to a terminal that a guest wrote to.</summary>
internal static partial class TerminalOrder
{
    /// <summary>After a command, where a terminal showed its output.</summary>
    public static void After(TerminalTraces traces)
    {
        if (traces != TerminalTraces.None && Terminal.Understands && (Terminal.OutputIsTerminal || Terminal.ErrorIsTerminal))
        {
            using var terminal = Terminal.OutputIsTerminal ? Console.OpenStandardOutput() : Console.OpenStandardError();
            terminal.Write(Encoding.ASCII.GetBytes(TerminalReset.Of(traces)));
        }
    }

    /// <summary>Before a question: also drops what was typed before it could be read, by a person or by the terminal that answered a guest.</summary>
    public static void BeforeQuestion()
    {
        if (Terminal.ErrorIsTerminal && Terminal.Understands)
        {
            Console.Error.Write(TerminalReset.Modes);
            Console.Error.Flush();
        }

        if (!OperatingSystem.IsWindows() && Terminal.InputIsTerminal)
        {
            // A terminal at the other end of a network answers a little later.
            _ = Flush(0, InputQueue);
            Thread.Sleep(AnswersArrive);
            _ = Flush(0, InputQueue);
        }
    }

    private const int AnswersArrive = 50;

    private static int InputQueue => OperatingSystem.IsMacOS() ? 1 : 0;

    [LibraryImport("libc", EntryPoint = "tcflush")]
    private static partial int Flush(int descriptor, int queue);
}
