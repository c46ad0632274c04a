using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary>A diff that the workspace made safe, in colours where a person reads it.</summary>
internal static class DiffText
{
    public static void Print(string diff) => Print(diff, Console.Out, Terminal.OutputIsTerminal);

    public static void Print(string diff, TextWriter to, bool terminal)
    {
        var colours = terminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        foreach (var line in diff.TrimEnd('\n').Split('\n'))
        {
            to.WriteLine(colours ? Coloured(line) : line);
        }
    }

    internal static string Coloured(string line) => line switch
    {
        _ when line.StartsWith("+++", StringComparison.Ordinal) || line.StartsWith("---", StringComparison.Ordinal) => $"\u001b[1m{line}\u001b[0m",
        ['@', '@', ..] => $"\u001b[36m{line}\u001b[0m",
        ['+', ..] => $"\u001b[32m{line}\u001b[0m",
        ['-', ..] => $"\u001b[31m{line}\u001b[0m",
        _ => line,
    };
}
