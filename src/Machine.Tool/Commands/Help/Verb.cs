using System.CommandLine;

namespace Machine.Tool.Commands.Help;

/// <summary>A verb with what its <c>--help</c> shows beyond the options: how it is used.</summary>
internal sealed class Verb(string name, string description) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Only for help and completions: what is written is never parsed here.</summary>
    public bool PassesThrough { get; init; }
}

/// <summary>Verbs that belong together; the tool's verbs are those of its groups, so each is in one.</summary>
internal sealed record VerbGroup(string Title, IReadOnlyList<Command> Verbs);
