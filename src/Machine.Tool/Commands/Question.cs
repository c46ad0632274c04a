using System.Runtime.InteropServices;
using Machine.Tool.Commands.Streams;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>One question to a person; anything but yes is no.</summary>
internal static class Question
{
    public static bool Ask(string text) => Answer(text, "y/N") is "Y" or "YES";

    /// <summary>A question with several answers.</summary>
    /// <param name="words">Of the answers; each is given by its first letter too.</param>
    /// <returns>Null where it is none of them.</returns>
    public static string? Choose(string text, params string[] words)
    {
        var answer = Answer(text, $"{string.Join('/', words)}/N");
        return words.FirstOrDefault(word => word.Equals(answer, StringComparison.OrdinalIgnoreCase) || word[..1].Equals(answer, StringComparison.OrdinalIgnoreCase));
    }

    private static string? Answer(string text, string answers)
    {
        // A line that is being read does not see a cancellation: Ctrl+C has to end the process itself.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ =>
        {
            Console.Error.WriteLine();
            Environment.Exit(ExitCode.Interrupted);
        });
        TerminalOrder.BeforeQuestion();
        Console.Error.Write($"{Tainted.Lines(text)} [{answers}] ");
        return Console.ReadLine()?.Trim().ToUpperInvariant();
    }
}
