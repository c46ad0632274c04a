using System.CommandLine;

namespace Machine.Tool.Commands.Help;

/// <summary>Verbs that belong together; the tool's verbs are those of its groups, so each is in one.</summary>
internal sealed record VerbGroup(string Title, IReadOnlyList<Command> Verbs);
