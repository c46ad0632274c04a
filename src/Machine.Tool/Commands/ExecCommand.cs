using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>exec [-e NAME[=VALUE]]… [--] COMMAND [ARGUMENT…]</c>: what follows the command is the guest's, byte for byte.</summary>
internal static class ExecCommand
{
    private const string Usage = "dotnet machine exec [-e NAME[=VALUE]] [--] COMMAND [ARGUMENT…]";

    public static Task<int> RunAsync(string[] args, CancellationToken cancel)
    {
        var (extra, first) = Parse(args);
        return GuestVerb.RunAsync(RawArguments.Last(args, args.Length - first), extra, cancel);
    }

    internal static (Dictionary<string, string?> Variables, int First) Parse(string[] args)
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal);
        var index = 0;
        for (; index < args.Length; index++)
        {
            switch (args[index])
            {
                case "--":
                    index++;
                    goto command;
                case "-h" or "--help":
                    Console.Out.WriteLine($"Runs a command inside the project's machine, in this folder.\n\n  {Usage}");
                    throw new MachineException("no command was run", exitCode: ExitCode.Usage);
                case "-e" or "--env" when index + 1 < args.Length:
                    var pair = args[++index].Split('=', 2);
                    if (pair[0].Length == 0)
                    {
                        throw new MachineException($"exec: -e takes NAME or NAME=VALUE, not '{args[index]}'", Usage, ExitCode.Usage);
                    }

                    variables[pair[0]] = pair.Length == 2 ? pair[1] : null;
                    break;
                case ['-', _, ..] option:
                    throw new MachineException($"exec: unknown option {option}", $"{Usage}   (put -- before a command that begins with a dash)", ExitCode.Usage);
                default:
                    goto command;
            }
        }

    command:
        return index < args.Length
            ? (variables, index)
            : throw new MachineException("exec: which command?", Usage, ExitCode.Usage);
    }
}
