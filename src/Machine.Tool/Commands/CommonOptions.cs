using System.CommandLine;

namespace Machine.Tool.Commands;

/// <summary>Options that mean the same everywhere.</summary>
internal static class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "Print JSON on standard output, and nothing else there" };

    public static Option<bool> Yes(string consequence) => new("--yes", "-y") { Description = $"Do not ask: {consequence}" };
}
