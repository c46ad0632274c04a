using System.CommandLine;
using System.CommandLine.Help;
using Machine.Tool.Control;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary>Which verb does what. Verbs that hand everything to the guest are found first and parse nothing.</summary>
internal static class CommandLine
{
    // A name may begin with @: it is no file of arguments.
    private static ParserConfiguration Parsing => new() { ResponseFileTokenReplacer = null };

    private static InvocationConfiguration Invocation => new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };

    /// <exception cref="OperationCanceledException">The user interrupted it.</exception>
    public static int Run(string[] args)
    {
        if (args is [SupervisorLaunch.Verb, var project])
        {
            return SupervisorProcess.RunAsync(project).GetAwaiter().GetResult();
        }

        if (args is [var verb, ..] && PassThrough(verb, args) is { } run)
        {
            return run(args[1..]);
        }

        using var interrupts = new Interrupts();
        interrupts.Heed();
        var root = Root();
        var parsed = root.Parse(args.Length == 0 ? ["--help"] : args, Parsing);
        return UsageError.Of(parsed) is { } error ? error.Say() : parsed.InvokeAsync(Invocation, interrupts.Token).GetAwaiter().GetResult();
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
        root.Add(new Option<bool>("--verbose") { Description = "Before the verb: show the programs that run, and where a failure happened" });
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    private static Func<string[], int>? PassThrough(string verb, string[] args) => verb switch
    {
        "exec" or "shell" when args is [_, "-h" or "--help", ..] => null,
        "exec" => ExecCommand.Run,
        "shell" => ShellCommand.Run,
        "dotnet" => rest => SdkVerbs.Run(null, rest),
        _ when SdkVerbs.Find(verb) is { } sdk => rest => SdkVerbs.Run(sdk.Name, rest),
        _ => null,
    };
}
