using System.CommandLine;
using System.CommandLine.Completions;
using Machine.Tool.Commands.Help;

namespace Machine.Tool.Commands.Completions;

/// <summary>A place on the command line and the words that may follow there.</summary>
/// <param name="Path">The verbs that lead here, each after a slash; empty for the tool itself.</param>
/// <param name="Names">The last verb and its aliases.</param>
/// <param name="Words">Verbs and values.</param>
/// <param name="PassesThrough">What follows belongs to somebody else: nothing is completed but files.</param>
internal sealed record CompletionPlace(
    string Path, IReadOnlyList<string> Names, IReadOnlyList<CompletionWord> Words, IReadOnlyList<CompletionWord> Options, bool PassesThrough)
{
    /// <summary>The place before this one.</summary>
    public string Parent => Path[..Math.Max(0, Path.LastIndexOf('/'))];

    /// <summary>The patterns of a shell's <c>case</c> that lead from the parent here.</summary>
    public IEnumerable<string> Steps => Names.Select(name => $"{Parent}/{name}");
}

internal sealed record CompletionWord(string Text, string Description);

/// <summary>Everything that a shell can complete, read from the very commands that are parsed.</summary>
internal static class CompletionTree
{
    public static IReadOnlyList<CompletionPlace> Of(RootCommand root) => [.. Places(root, "", [.. root.Options.Where(option => option.Recursive)])];

    private static IEnumerable<CompletionPlace> Places(Command command, string path, Option[] recursive)
    {
        var options = command.Options.Concat(command is RootCommand ? [] : recursive).Where(option => !option.Hidden);
        var verbs = command.Subcommands.Where(verb => !verb.Hidden).ToList();
        yield return new CompletionPlace(
            path,
            [command.Name, .. command.Aliases.Where(alias => alias != command.Name)],
            [.. verbs.Select(verb => new CompletionWord(verb.Name, verb.Description ?? "")), .. command.Arguments.SelectMany(Values)],
            [.. options.SelectMany(option => Label.Names(option).Select(name => new CompletionWord(name, option.Description ?? "")))],
            command is Verb { PassesThrough: true });
        foreach (var place in verbs.SelectMany(verb => Places(verb, $"{path}/{verb.Name}", recursive)))
        {
            yield return place;
        }
    }

    private static IEnumerable<CompletionWord> Values(Argument argument) =>
        argument.GetCompletions(CompletionContext.Empty).Select(item => new CompletionWord(item.Label, argument.Description ?? ""));
}
