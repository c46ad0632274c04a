using Machine.Tool.Hosting;

namespace Machine.Tool.Commands.Screen;

/// <summary>How many characters a line of the terminal has.</summary>
internal static class ScreenWidth
{
    public static int Now()
    {
        try
        {
            return Math.Max(20, Console.WindowWidth);
        }
        catch (IOException)
        {
            return 80;
        }
    }

    /// <summary>Of standard output; what goes to a file or a program is never broken.</summary>
    public static int OfOutput() => Terminal.OutputIsTerminal ? Now() : int.MaxValue;
}
