using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>exec [-e NAME[=VALUE]]… [--raw] [--] COMMAND [ARGUMENTS…]</c>: what follows the command is the guest's, byte for byte.</summary>
internal static class ExecCommand
{
    private const string Usage = "dotnet machine exec [-e NAME[=VALUE]] [--raw] [--] COMMAND [ARGUMENTS…]";

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
        Options =
        {
            new Option<string[]>("-e", "--env") { Description = "A variable of this command; without a value, this host's", HelpName = "NAME[=VALUE]" },
            new Option<bool>("--raw") { Description = "Let everything through that a terminal or a pipeline obeys" },
        },
        Arguments = { new Argument<string>("COMMAND") { Description = "The command; after -- also one that begins with a dash" }, CommonOptions.HandedOn() },
    };

    public static int Run(string[] args)
    {
        var (extra, first, raw) = Parse(args);
        return GuestVerb.Run(RawArguments.Last(args, args.Length - first), extra, raw);
    }

    internal static (Dictionary<string, string?> Variables, int First, bool Raw) Parse(string[] args)
    {
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
                        throw new MachineException($"exec: -e takes NAME or NAME=VALUE, not '{args[index]}'", Usage, ExitCode.Usage);
                    }

                    variables[pair[0]] = pair.Length == 2 ? pair[1] : null;
                    break;
                case "--raw":
                    raw = true;
                    break;
                case ['-', _, ..] option:
                    throw new MachineException($"exec: unknown option {option}", $"{Usage}   (put -- before a command that begins with a dash)", ExitCode.Usage);
                default:
                    goto command;
            }
        }

    command:
        return index < args.Length
            ? (variables, index, raw)
            : throw new MachineException("exec: which command?", Usage, ExitCode.Usage);
    }
}
