using System.Runtime.InteropServices;
using Machine.Tool.Commands.Streams;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>One question to a person; anything but yes is no.</summary>
internal static class Question
{
    public static bool Ask(string text)
    {
        // A line that is being read does not see a cancellation: Ctrl+C has to end the process itself.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ =>
        {
            Console.Error.WriteLine();
            Environment.Exit(ExitCode.Interrupted);
        });
        TerminalOrder.BeforeQuestion();
        Console.Error.Write($"{Tainted.Lines(text)} [y/N] ");
        return Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
