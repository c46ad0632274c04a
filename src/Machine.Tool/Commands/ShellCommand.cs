using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;

namespace Machine.Tool.Commands;

/// <summary><c>shell</c>: the guest user's login shell, in this folder.</summary>
internal static class ShellCommand
{
    public static Command Create() => new Verb("shell", "Open a shell inside, in this folder")
    {
        PassesThrough = true,
        Examples = ["dotnet machine shell"],
        Options = { new Option<bool>("--raw") { Description = "Let everything through that a terminal obeys" } },
    };

    public static int Run(string[] args) =>
        args is [] or ["--raw"]
            ? GuestVerb.Run(["/bin/bash"u8.ToArray(), "-l"u8.ToArray()], new Dictionary<string, string?>(), raw: args.Length > 0)
            : throw new MachineException("shell takes no arguments but --raw", "dotnet machine exec -- COMMAND …", ExitCode.Usage);
}
