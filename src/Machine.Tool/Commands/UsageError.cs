using System.CommandLine;
using System.CommandLine.Parsing;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Commands;

/// <summary>What is wrong with a command line: of the parser's several errors about one mistake, one line that names it.</summary>
/// <param name="Command">As it is typed, without its arguments.</param>
internal sealed record UsageError(string Message, string Command)
{
    /// <summary>Null for a command line that is right, or asks for help.</summary>
    public static UsageError? Of(ParseResult parsed)
    {
        if (parsed.Action is HelpPage)
        {
            return null;
        }

        var here = parsed.CommandResult.Command;
        var path = Path(here);
        if (UnknownOption(parsed) is { } option)
        {
            return new UsageError($"{Printable.Quote(option)} is no option of {(here is RootCommand ? "this tool" : path)}{Near(option, [.. here.Options.Select(known => known.Name)])}", path);
        }

        if (parsed.Errors.Count == 0)
        {
            return null;
        }

        var verbs = here.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name).ToList();
        return new UsageError(
            parsed.UnmatchedTokens is [var word, ..]
                ? verbs.Count > 0 ? $"{Printable.Quote(word)} is not a verb{Near(word, verbs)}" : $"{path} takes no {Printable.Quote(word)}"
                : verbs.Count > 0 ? $"{path}: which of {string.Join(", ", verbs)}?"
                : Missing(parsed) is { } argument ? $"{path}: which {argument.Name}?"
                : OneLine(parsed.Errors[0].Message),
            path);
    }

    public int Say()
    {
        Console.Error.WriteLine($"machine: {Message}");
        Console.Error.WriteLine($"  → dotnet machine {(Command.Length > 0 ? Command + " " : "")}--help");
        return ExitCode.Usage;
    }

    // The parser would take a mistyped option for the name of a file.
    private static string? UnknownOption(ParseResult parsed) => parsed.Tokens
        .TakeWhile(token => token.Type != TokenType.DoubleDash)
        .FirstOrDefault(token => token is { Type: TokenType.Argument, Value: ['-', _, ..] })?.Value;

    private static Argument? Missing(ParseResult parsed) => parsed.CommandResult.Command.Arguments
        .FirstOrDefault(argument => argument.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(argument) is not { Tokens.Count: > 0 });

    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries)).Replace(" as expected type 'System.Int32'", "; it takes a number", StringComparison.Ordinal);

    private static string Near(string word, IReadOnlyList<string> known) =>
        NearestWord.Of(word, known) is { } near ? $"; did you mean {near}?" : "";

    private static string Path(Command command) =>
        command is RootCommand ? ""
        : command.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? $"{Path(parent)} {command.Name}"
        : command.Name;
}
