using System.CommandLine;
using Machine.Tool.Commands.Completions;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>completions SHELL</c>: a script that completes verbs and options.</summary>
internal static class CompletionsCommand
{
    private static readonly Dictionary<string, Func<IReadOnlyList<CompletionPlace>, string>> Shells = new(StringComparer.Ordinal)
    {
        ["bash"] = BashCompletion.Script,
        ["zsh"] = ZshCompletion.Script,
        ["fish"] = FishCompletion.Script,
        ["pwsh"] = PowerShellCompletion.Script,
    };

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh, fish or pwsh" };
        shell.AcceptOnlyFromAmong([.. Shells.Keys]);
        var command = new Verb("completions", "Print a script that completes verbs and options in a shell")
        {
            Examples =
            [
                "source <(dotnet-machine completions bash)",
                "source <(dotnet-machine completions zsh)",
                "dotnet-machine completions fish | source",
                "dotnet-machine completions pwsh | Out-String | Invoke-Expression",
            ],
        };
        command.Add(shell);
        command.SetAction(parsed =>
        {
            Console.Out.Write(Shells[parsed.GetRequiredValue(shell)](CompletionTree.Of(CommandLine.Root())));
            return ExitCode.Ok;
        });
        return command;
    }
}
