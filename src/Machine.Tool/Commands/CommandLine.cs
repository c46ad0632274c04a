using System.CommandLine;
using System.CommandLine.Help;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary>Which verb does what. Verbs that hand everything to the guest are found first and parse nothing.</summary>
internal static class CommandLine
{
    // A name may begin with @: it is no file of arguments.
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private static readonly InvocationConfiguration Invocation = new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    public static async Task<int> RunAsync(string[] args, CancellationToken cancel)
    {
        if (args is [SupervisorProcess.Verb, var project])
        {
            return await SupervisorProcess.RunAsync(project);
        }

        if (args is [var verb, ..] && PassThrough(verb, args) is { } run)
        {
            // YamlDotNet has a regular expression compiled to machine code, for tags that a Machinefile can't have: 30 ms of each command.
            AppContext.SetSwitch("System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported", false);
            return await run(args[1..], cancel);
        }

        var root = Root();
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args, Parsing);
        return UsageError.Of(parsed) is { } error ? error.Say() : await parsed.InvokeAsync(Invocation, cancel);
    }

    /// <summary>The verbs as <c>--help</c> and completions show them.</summary>
    public static RootCommand Root()
    {
        var root = new RootCommand("One project, one virtual machine: dotnet restore, build, test and run execute inside it.")
        {
            InitCommand.Create(),
            StartCommand.Create(),
            SuspendCommand.Create(),
            ResumeCommand.Create(),
            StopCommand.Create(),
            DestroyCommand.Create(),
            StatusCommand.Create(),
            ListCommand.Create(),
            ExecCommand.Create(),
            ShellCommand.Create(),
        };
        foreach (var verb in SdkVerbs.Create().Concat(
        [
            ChangesCommand.Create(),
            ApplyCommand.Create(),
            DiscardCommand.Create(),
            VolumeCommand.Create(),
            ImageCommand.Create(),
            PackagesCommand.Create(),
            LogsCommand.Create(),
            PlanCommand.Create(),
            DoctorCommand.Create(),
            CompletionsCommand.Create(),
            SchemaCommand.Create(),
        ]))
        {
            root.Add(verb);
        }

        // Program takes it away before anything is parsed; it is here for --help.
        root.Add(new Option<bool>("--verbose") { Description = "Before the verb: show where a failure happened" });
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static Func<string[], CancellationToken, Task<int>>? PassThrough(string verb, string[] args) => verb switch
    {
        "exec" or "shell" when args is [_, "-h" or "--help", ..] => null,
        "exec" => ExecCommand.RunAsync,
        "shell" => ShellCommand.RunAsync,
        "dotnet" => (rest, cancel) => SdkVerbs.RunAsync(null, rest, cancel),
        _ when SdkVerbs.Find(verb) is { } sdk => (rest, cancel) => SdkVerbs.RunAsync(sdk.Name, rest, cancel),
        _ => null,
    };
}
