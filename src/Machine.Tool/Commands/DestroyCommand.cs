using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Commands.Screen;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;

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

        await DestroyAsync(machine, paths, yes, $"dotnet machine destroy {machine.Id} --yes", cancel);
        return Done($"{machine.Id} is destroyed");
    }

    /// <param name="remedy">The command that is a yes, for whoever can't be asked.</param>
    internal static async Task DestroyAsync(KnownMachine machine, MachinePaths paths, bool yes, string remedy, CancellationToken cancel)
    {
        if (!yes)
        {
            Agree(machine, paths, remedy);
        }

        if (machine.Project is { } project)
        {
            var client = SupervisorClient.For(paths, project);
            await client.StopAsync(cancel);
        }

        await MachineAtRest.DestroyAsync(machine.Folders, EngineCatalog.Of(paths, machine.Folders.State), cancel);
    }

    private static void Agree(KnownMachine machine, MachinePaths paths, string remedy)
    {
        var lost = Lost(machine, paths);
        if (!Terminal.CanAsk)
        {
            throw new MachineException(
                $"destroying {machine.Id} loses:\n{lost}", $"if that is meant: {remedy}");
        }

        Console.Error.WriteLine($"Destroying {machine.Id} ({Tainted.Line(machine.Record?.Project ?? "of an unknown project")}) loses:\n{lost}");
        if (!Question.Ask("Destroy it?"))
        {
            throw new MachineException("nothing was destroyed");
        }
    }

    private static string Lost(KnownMachine machine, MachinePaths paths)
    {
        var volumes = machine.Project is { } project ? new VolumeStore(new ProjectMachine(paths, project), EngineCatalog.Of(paths, machine.Folders.State)).List().ToList() : [];
        var held = ChangeLedger.Load(machine.Folders.State).Held.Count;
        var lines = volumes.Select(volume => $"  volume {volume.Name}, {HumanText.Size(volume.Bytes)}")
            .Concat(held > 0 ? [$"  {HumanText.Count(held, "held change")}, nowhere else"] : [])
            .ToList();
        return lines.Count > 0 ? string.Join('\n', lines) : $"  its state, {HumanText.Size(DiskUsage.AllocatedBytesOfFolder(machine.Folders.State))}";
    }

    private static int Done(string line)
    {
        Say.Result(line);
        return ExitCode.Ok;
    }
}
