namespace Machine.Shim.Windows;

/// <summary>
/// Windows hands a program one string, and every program cuts it in its own way. So the arguments are never cut and
/// quoted anew: the child gets the very characters that followed ours.
/// </summary>
internal static class CommandTail
{
    /// <summary>The command line of the child.</summary>
    /// <param name="lines">Of <c>.machine/tool</c>: a dotnet root, then the tool's own words.</param>
    /// <param name="commandLine">Ours, whole.</param>
    /// <param name="args">The same, as .NET cut it.</param>
    public static string ForTool(string[] lines, string commandLine, string[] args)
    {
        var line = Quoted(lines[1]);
        for (var i = 2; i < lines.Length; i++)
        {
            line += " " + Quoted(lines[i]);
        }

        var tail = AfterProgram(commandLine);
        return args is ["machine", ..] ? line + AfterWord(tail, args[0]) : line + " dotnet" + tail;
    }

    /// <summary>What follows the program's name, blanks in front included.</summary>
    public static string AfterProgram(string commandLine)
    {
        // The first word knows no backslash escapes: a quoted one ends at the next quote, another at the next blank.
        var inQuotes = false;
        var end = 0;
        for (; end < commandLine.Length && (inQuotes || !IsBlank(commandLine[end])); end++)
        {
            inQuotes ^= commandLine[end] == '"';
        }

        return commandLine[end..];
    }

    /// <summary>What follows the first argument of a tail; the word itself is known to hold neither quote nor backslash.</summary>
    public static string AfterWord(string tail, string word)
    {
        var start = 0;
        while (start < tail.Length && IsBlank(tail[start]))
        {
            start++;
        }

        var inQuotes = false;
        var end = start;
        for (; end < tail.Length && (inQuotes || !IsBlank(tail[end])); end++)
        {
            inQuotes ^= tail[end] == '"';
        }

        return tail[start..end].Replace("\"", "", StringComparison.Ordinal) == word ? tail[end..] : tail;
    }

    /// <summary>One word of ours, in the form that the C runtime and .NET cut: backslashes double before a quote.</summary>
    public static string Quoted(string word)
    {
        var text = "\"";
        var slashes = 0;
        foreach (var c in word)
        {
            text += c == '"' ? new string('\\', slashes + 1) + "\"" : c;
            slashes = c == '\\' ? slashes + 1 : 0;
        }

        return text + new string('\\', slashes) + "\"";
    }

    private static bool IsBlank(char c) => c is ' ' or '\t';
}
