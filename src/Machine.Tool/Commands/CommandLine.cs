using System.CommandLine;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary>Which verb does what. Verbs that hand everything to the guest are found first and parse nothing.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args, CancellationToken cancel)
    {
        if (args is [SupervisorProcess.Verb, var project])
        {
            return await SupervisorProcess.RunAsync(project);
        }

        if (args is [var verb, ..] && PassThrough(verb) is { } run)
        {
            return await run(args[1..], cancel);
        }

        var root = Root();
        var parsed = root.Parse(args);
        return parsed.Errors.Count > 0 && args.Length > 0
            ? Usage(parsed)
            : await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancel);
    }

    /// <summary>The verbs as <c>--help</c> and completions show them.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("One project, one virtual machine: dotnet restore, build, test and run execute inside it.")
        {
            StartCommand.Create(),
            StopCommand.Create(),
            StatusCommand.Create(),
        };
        foreach (var verb in SdkVerbs.All)
        {
            root.Add(Described(verb.Name, verb.Description));
        }

        root.Add(Described("exec", "Run a command inside: exec [-e NAME[=VALUE]] [--] COMMAND [ARGUMENT…]"));
        root.Add(Described("shell", "Open a shell inside, in this folder"));
        root.Add(Described("dotnet", "Run any dotnet verb inside: dotnet machine dotnet VERB …"));
        return root;
    }

    private static Func<string[], CancellationToken, Task<int>>? PassThrough(string verb) => verb switch
    {
        "exec" => ExecCommand.RunAsync,
        "shell" => ShellCommand.RunAsync,
        "dotnet" => (args, cancel) => SdkVerbs.RunAsync(null, args, cancel),
        _ when SdkVerbs.Find(verb) is { } sdk => (args, cancel) => SdkVerbs.RunAsync(sdk.Name, args, cancel),
        _ => null,
    };

    // Only for help: these verbs never come to the parser.
    private static Command Described(string name, string description) => new(name, description) { TreatUnmatchedTokensAsErrors = false };

    private static int Usage(ParseResult parsed)
    {
        foreach (var error in parsed.Errors)
        {
            Console.Error.WriteLine($"machine: {error.Message}");
        }

        Console.Error.WriteLine($"  → dotnet machine {(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help");
        return ExitCode.Usage;
    }
}
