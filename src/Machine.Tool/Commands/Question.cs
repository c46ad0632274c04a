namespace Machine.Tool.Commands;

/// <summary>One question to a person; anything but yes is no.</summary>
internal static class Question
{
    public static bool Ask(string text)
    {
        Console.Error.Write($"{text} [y/N] ");
        return Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
