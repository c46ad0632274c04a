using System.CommandLine;
using System.CommandLine.Invocation;
using Machine.Tool.Commands.Screen;

namespace Machine.Tool.Commands.Help;

/// <summary>
/// What <c>--help</c> prints. The library's own page lists thirty verbs in one column and can't be told of groups; its parts can't be
/// called one by one.
/// </summary>
internal sealed class HelpPage(IReadOnlyList<VerbGroup> groups) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine($"  dotnet machine {Label.Usage(command)}");
        output.WriteLine();
        TwoColumns.Write(output, ScreenWidth.OfOutput(), [.. Sections(command, parseResult.RootCommandResult.Command).Where(section => section.Rows.Count > 0)]);
        if (command is Verb { Examples.Count: > 0 } verb)
        {
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine($"  {example}");
            }

            output.WriteLine();
        }

        return 0;
    }

    private IEnumerable<HelpSection> Sections(Command command, Command root) =>
    [
        new HelpSection("Arguments", [.. command.Arguments.Select(argument => new HelpRow(Label.Of(argument), argument.Description))]),
        .. command == root ? groups.Select(group => Verbs(group.Title, group.Verbs)) : [Verbs("Verbs", command.Subcommands)],
        new HelpSection("Options", [.. Options(command, root).Select(option => new HelpRow(Label.Of(option), Label.Description(option)))]),
    ];

    private static HelpSection Verbs(string title, IEnumerable<Command> verbs) =>
        new(title, [.. verbs.Where(verb => !verb.Hidden).Select(verb => new HelpRow(Label.Of(verb), verb.Description))]);

    private static IEnumerable<Option> Options(Command command, Command root) =>
        command.Options.Concat(command == root ? [] : root.Options.Where(option => option.Recursive)).Where(option => !option.Hidden);
}
