using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Commands.Streams;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Hosting.Output;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>network learn [--json] [-e NAME[=VALUE]]… [--raw] [--] COMMAND…</c>: runs a command inside, and proposes rules for what was denied meanwhile.</summary>
internal static class LearnCommand
{
    public const string Name = "learn";

    private const string JsonOption = "--json";

    /// <summary>For help and completions; <see cref="Run"/> gets the arguments as they are.</summary>
    public static Verb Create() => new(Name, "Run a command inside, and propose rules for what was denied meanwhile")
    {
        PassesThrough = true,
        Examples = ["dotnet machine network learn npm test", "dotnet machine network learn --json -- ./deploy.sh"],
        Options =
        {
            ExecCommand.Variable(),
            ExecCommand.Raw(),
            new Option<bool>(JsonOption) { Description = "Print the proposals as JSON on standard output; the command's own output comes on standard error" },
        },
        Arguments = { ExecCommand.Command(), CommonOptions.HandedOn() },
    };

    /// <returns>The command's own exit code.</returns>
    public static int Run(string[] args)
    {
        // The same options as exec's, and one more before the command.
        var (variables, first, raw) = ExecCommand.Parse([.. args.Where((word, at) => !IsJson(args, at))], $"network {Name}");
        var json = args.Where((_, at) => IsJson(args, at)).Count();
        var (code, denied) = GuestVerb.Run(
            RawArguments.Last(args, args.Length - json - first), variables, new GuestOutput(raw || Pipeline.IsRaw, outputOnError: json > 0), asksDenied: true);
        var learned = LearnedRules.Of(denied ?? new DeniedConnections([], 0));
        if (json > 0)
        {
            Say.Json(new LearnReport(code, learned.Rules, learned.Hints, learned.Others, learned.Beyond));
        }
        else
        {
            LearnView.AfterCommandAsync(learned, code).GetAwaiter().GetResult();
        }

        return code;
    }

    // Behind the command, or the value of another option, the word is not ours.
    private static bool IsJson(string[] args, int at)
    {
        for (var i = 0; i < at; i++)
        {
            if (args[i] is "-e" or "--env")
            {
                i++;
                if (i == at)
                {
                    return false;
                }
            }
            else if (args[i] is not ("--raw" or JsonOption))
            {
                return false;
            }
        }

        return args[at] == JsonOption;
    }
}

/// <summary>What <c>network learn --json</c> prints.</summary>
/// <param name="ExitCode">Of the command.</param>
internal sealed record LearnReport(int ExitCode, IReadOnlyList<LearnedRule> Rules, IReadOnlyList<string> Hints, IReadOnlyList<UnlearnedConnection> Others, int Beyond);
