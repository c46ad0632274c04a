using System.CommandLine;
using System.CommandLine.Help;
using Machine.Tool.Commands.Help;
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
        var groups = Groups();
        var root = new RootCommand("One project, one virtual machine: dotnet restore, build, test and run execute inside it.");
        foreach (var verb in groups.SelectMany(group => group.Verbs))
        {
            root.Add(verb);
        }

        // Program takes it away before anything is parsed; it is here for --help.
        root.Add(new Option<bool>("--verbose") { Description = "Before the verb: show the programs that run, and where a failure happened" });
        root.Options.OfType<HelpOption>().Single().Action = new HelpPage(groups);
        return root;
    }

    /// <summary>The verbs as people look for them; docs/commands.md has the same groups.</summary>
    public static VerbGroup[] Groups() =>
    [
        new("Run something inside", [.. SdkVerbs.Create(), ExecCommand.Create(), ShellCommand.Create()]),
        new("The machine",
        [
            InitCommand.Create(), StartCommand.Create(), SuspendCommand.Create(), ResumeCommand.Create(), StopCommand.Create(), StatusCommand.Create(), DestroyCommand.Create(),
        ]),
        new("Changes", [ChangesCommand.Create(), ApplyCommand.Create(), DiscardCommand.Create()]),
        new("The network", [NetworkCommand.Create()]),
        new("Volumes and images", [VolumeCommand.Create(), ImageCommand.Create()]),
        new("This host", [ListCommand.Create(), PlanCommand.Create(), CompletionsCommand.Create(), SchemaCommand.Create()]),
        new("When something is wrong", [DoctorCommand.Create(), LogsCommand.Create(), PackagesCommand.Create(), DocsCommand.Create()]),
    ];

    private static Func<string[], int>? PassThrough(string verb, string[] args) => verb switch
    {
        "exec" or "shell" when args is [_, "-h" or "--help", ..] => null,
        "network" when args is [_, LearnCommand.Name, "-h" or "--help", ..] => null,
        "network" when args is [_, LearnCommand.Name, ..] => rest => LearnCommand.Run(rest[1..]),
        "exec" => ExecCommand.Run,
        "shell" => ShellCommand.Run,
        "dotnet" => rest => SdkVerbs.Run(null, rest),
        _ when SdkVerbs.Find(verb) is { } sdk => rest => SdkVerbs.Run(sdk.Name, rest),
        _ => null,
    };
}
