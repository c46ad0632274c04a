using System.Text;

namespace Machine.Build.Client;

/// <summary>Arguments as one string, by the rules that .NET and Windows programs take it apart with; netstandard2.0 has no list.</summary>
internal static class CommandArguments
{
    public static string Join(IEnumerable<string> arguments)
    {
        var line = new StringBuilder();
        foreach (var argument in arguments)
        {
            if (line.Length > 0)
            {
                line.Append(' ');
            }

            Append(line, argument);
        }

        return line.ToString();
    }

    // https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
    private static void Append(StringBuilder line, string argument)
    {
        if (argument.Length > 0 && argument.IndexOfAny([' ', '\t', '\n', '\v', '"']) < 0)
        {
            line.Append(argument);
            return;
        }

        line.Append('"');
        var slashes = 0;
        foreach (var c in argument)
        {
            if (c == '\\')
            {
                slashes++;
                continue;
            }

            // Before a quote every backslash counts twice, elsewhere it stands for itself.
            line.Append('\\', c == '"' ? (slashes * 2) + 1 : slashes).Append(c);
            slashes = 0;
        }

        line.Append('\\', slashes * 2).Append('"');
    }
}
