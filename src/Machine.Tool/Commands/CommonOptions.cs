using System.CommandLine;

namespace Machine.Tool.Commands;

/// <summary>Options and arguments that mean the same everywhere.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON on standard output, and nothing else there" };

    public static Option<bool> Yes(string consequence) => new("--yes", "-y") { Description = $"Do not ask: {consequence}" };

    /// <summary>What a verb that passes everything on is given.</summary>
    public static Argument<string[]> HandedOn() => new("ARGUMENTS") { Description = "Handed on byte for byte", Arity = ArgumentArity.ZeroOrMore };
}
