using System.CommandLine;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>shell</c>: the guest user's login shell, in this folder.</summary>
internal static class ShellCommand
{
    public static Command Create() => new Verb("shell", "Open a shell inside, in this folder")
    {
        PassesThrough = true,
        Examples = ["dotnet machine shell"],
    };

    public static int Run(string[] args) =>
        args.Length == 0
            ? GuestVerb.Run(["/bin/bash"u8.ToArray(), "-l"u8.ToArray()], new Dictionary<string, string?>())
            : throw new MachineException("shell takes no arguments", "dotnet machine exec -- COMMAND …", ExitCode.Usage);
}
