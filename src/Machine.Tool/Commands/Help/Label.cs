using System.CommandLine;

namespace Machine.Tool.Commands.Help;

/// <summary>How a verb, an argument and an option are written: <c>rm NAME</c>, <c>[PATH…]</c>, <c>-n, --lines N</c>.</summary>
internal static class Label
{
    public static string Usage(Command command) => command is RootCommand
        ? "VERB …"
        : string.Join(' ', [.. Path(command), "[options]", .. command.Arguments.Select(Of), .. command.Subcommands.Count > 0 ? ["VERB …"] : Array.Empty<string>()]);

    public static string Of(Command verb) => string.Join(' ', [string.Join(", ", [verb.Name, .. verb.Aliases]), .. verb.Arguments.Select(Of)]);

    public static string Of(Argument argument)
    {
        var name = argument.Arity.MaximumNumberOfValues > 1 ? argument.Name + "…" : argument.Name;
        return argument.Arity.MinimumNumberOfValues > 0 ? name : $"[{name}]";
    }

    public static string Of(Option option)
    {
        var names = string.Join(", ", Names(option).OrderBy(name => name.Length));
        return IsSwitch(option)
            ? names
            : $"{names} {option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant()}";
    }

    /// <summary>Leaves out <c>/h</c> and <c>-?</c>, which only people from other systems type.</summary>
    public static IEnumerable<string> Names(Option option) =>
        option.Aliases.Append(option.Name).Distinct(StringComparer.Ordinal).Where(name => name.StartsWith('-') && name != "-?").Order(StringComparer.Ordinal);

    public static string Description(Option option) =>
        option.HasDefaultValue && !IsSwitch(option) ? $"{option.Description} [default: {option.GetDefaultValue()}]" : option.Description ?? "";

    private static bool IsSwitch(Option option) => option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0;

    private static IEnumerable<string> Path(Command command) =>
        command is RootCommand ? [] : [.. command.Parents.OfType<Command>().Take(1).SelectMany(Path), command.Name];
}
