using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>destroy</c>: the machine, its volumes and what it held are gone; images and the project stay.</summary>
internal static class DestroyCommand
{
    public static Command Create()
    {
        var yes = CommonOptions.Yes("its volumes and held changes are lost");
        var id = new Argument<string?>("MACHINE") { Description = "As `list` names it; else this project's", Arity = ArgumentArity.ZeroOrOne };
        var command = new Verb("destroy", "Stop a machine and delete its volumes and held changes")
        {
            Examples = ["dotnet machine destroy", "dotnet machine destroy shop-1f2e3d4c --yes"],
        };
        command.Add(id);
        command.Add(yes);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(id), parsed.GetValue(yes), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string? id, bool yes, CancellationToken cancel)
    {
        var paths = MachinePaths.FromEnvironment();
        var wanted = id is not null ? new MachineId(id) : ProjectRoot.Find(Environment.CurrentDirectory).MachineId;
        if (KnownMachines.Find(paths, wanted) is not { } machine)
        {
            return id is null
                ? Done($"{wanted} does not exist: nothing to destroy")
                : throw new MachineException($"there is no machine {Tainted.Line(id)}", "dotnet machine list");
        }

        await DestroyMachine.RunAsync(machine, paths, ConsoleConsent.Of(yes), $"dotnet machine destroy {machine.Id} --yes", cancel);
        return Done($"{machine.Id} is destroyed");
    }

    private static int Done(string line)
    {
        Say.Result(line);
        return ExitCode.Ok;
    }
}
