using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>exec [-e NAME[=VALUE]]… [--raw] [--] COMMAND [ARGUMENTS…]</c>: what follows the command is the guest's, byte for byte.</summary>
internal static class ExecCommand
{
    private const string Usage = "[-e NAME[=VALUE]] [--raw] [--] COMMAND [ARGUMENTS…]";

    /// <summary>For help and completions; <see cref="Run"/> gets the arguments as they are.</summary>
    public static Command Create() => new Verb("exec", "Run a command inside, in this folder")
    {
        PassesThrough = true,
        Examples =
        [
            "dotnet machine exec uname -r",
            "dotnet machine exec -e CONNECTION=local -- sh -c 'echo \"$CONNECTION\"'",
            "printf 'a\\0b' | dotnet machine exec -- cat",
        ],
        Options = { Variable(), Raw() },
        Arguments = { Command(), CommonOptions.HandedOn() },
    };

    internal static Option<string[]> Variable() => new("-e", "--env") { Description = "A variable of this command; without a value, this host's", HelpName = "NAME[=VALUE]" };

    internal static Option<bool> Raw() => new("--raw") { Description = "Let everything through that a terminal or a pipeline obeys" };

    internal static Argument<string> Command() => new("COMMAND") { Description = "The command; after -- also one that begins with a dash" };

    public static int Run(string[] args)
    {
        var (extra, first, raw) = Parse(args);
        return GuestVerb.Run(RawArguments.Last(args, args.Length - first), extra, raw);
    }

    /// <param name="verb">That takes a command as this one does.</param>
    internal static (Dictionary<string, string?> Variables, int First, bool Raw) Parse(string[] args, string verb = "exec")
    {
        var usage = $"dotnet machine {verb} {Usage}";
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        var raw = false;
        var index = 0;
        for (; index < args.Length; index++)
        {
            switch (args[index])
            {
                case "--":
                    index++;
                    goto command;
                case "-e" or "--env" when index + 1 < args.Length:
                    var pair = args[++index].Split('=', 2);
                    if (pair[0].Length == 0)
                    {
                        throw new MachineException($"{verb}: -e takes NAME or NAME=VALUE, not '{args[index]}'", usage, ExitCode.Usage);
                    }

                    variables[pair[0]] = pair.Length == 2 ? pair[1] : null;
                    break;
                case "--raw":
                    raw = true;
                    break;
                case ['-', _, ..] option:
                    throw new MachineException($"{verb}: unknown option {option}", $"{usage}   (put -- before a command that begins with a dash)", ExitCode.Usage);
                default:
                    goto command;
            }
        }

    command:
        return index < args.Length
            ? (variables, index, raw)
            : throw new MachineException($"{verb}: which command?", usage, ExitCode.Usage);
    }
}
