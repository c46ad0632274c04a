using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>volume list|rm|export|import|compact</c>: the disks of the project's machine that outlive it.</summary>
internal static class VolumeCommand
{
    /// <summary>Holds only what can be downloaded again.</summary>
    private const string Rebuildable = "packages";

    public static Command Create()
    {
        var command = new Verb("volume", "List, remove, save, restore and compact the disks that outlive the machine")
        {
            Examples = ["dotnet machine volume list", "dotnet machine volume export db backup.qcow2", "dotnet machine volume rm packages"],
        };
        command.Add(CreateList());
        command.Add(CreateRemove());
        command.Add(VolumeCopies.CreateExport());
        command.Add(VolumeCopies.CreateImport());
        command.Add(VolumeCopies.CreateCompact());
        return command;
    }

    private static Verb CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Verb("list", "List the volumes of the project's machine") { json };
        command.Aliases.Add("ls");
        command.SetAction(parsed => List(Here().Store.List().ToList(), parsed.GetValue(json)));
        return command;
    }

    private static Verb CreateRemove()
    {
        var name = NameArgument();
        var yes = CommonOptions.Yes("what is on the volume is lost");
        var command = new Verb("rm", "Delete a volume; the next start makes an empty one where the Machinefile declares it")
        {
            Examples = ["dotnet machine volume rm packages", "dotnet machine volume rm db --yes"],
        };
        command.Add(name);
        command.Add(yes);
        command.SetAction(async (parsed, cancel) =>
        {
            var volume = parsed.GetRequiredValue(name);
            var (paths, folders, store) = Here();
            var info = store.Require(volume);
            using var held = await MachineAtRest.HoldAsync(folders, EngineCatalog.Of(paths, folders.State), cancel);
            if (volume != Rebuildable && !parsed.GetValue(yes))
            {
                Agree($"{Lost(info)} is lost", $"dotnet machine volume rm {volume} --yes", "Delete it?");
            }

            store.Remove(volume);
            Say.Result($"{volume} is deleted");
            return ExitCode.Ok;
        });
        return command;
    }

    private static int List(List<VolumeInfo> volumes, bool json)
    {
        if (json)
        {
            Say.Json(volumes);
            return ExitCode.Ok;
        }

        if (volumes.Count == 0)
        {
            Say.Aside("this project has no volumes yet; they are made at its first start");
            return ExitCode.Ok;
        }

        var table = new ReportTable("VOLUME", "SIZE", "WRITTEN");
        foreach (var volume in volumes)
        {
            table.Add(volume.Name, HumanText.Size(volume.Bytes), HumanText.Age(volume.LastWrite, DateTimeOffset.UtcNow) + " ago");
        }

        table.Print();
        return ExitCode.Ok;
    }

    // The name becomes a file's name.
    internal static Argument<string> NameArgument()
    {
        var name = new Argument<string>("NAME") { Description = "The volume" };
        CheckNames(name);
        return name;
    }

    internal static void CheckNames(Argument names) => names.Validators.Add(result =>
    {
        foreach (var token in result.Tokens)
        {
            if (NameRules.ExistingVolume.Check(token.Value) is { } flaw)
            {
                result.AddError(flaw.What);
            }
        }
    });

    internal static string Lost(VolumeInfo volume) => volume.Name == VolumeStore.Workspace
        ? $"the volume {volume.Name} ({HumanText.Size(volume.Bytes)}), and with it every change that is held,"
        : $"the volume {volume.Name} ({HumanText.Size(volume.Bytes)})";

    internal static void Agree(string consequence, string command, string question)
    {
        if (!Terminal.CanAsk)
        {
            throw new MachineException(consequence, $"if that is meant: {command}");
        }

        if (!Question.Ask($"{char.ToUpperInvariant(consequence[0])}{consequence[1..]}. {question}"))
        {
            throw new MachineException("nothing was changed");
        }
    }

    internal static (MachinePaths Paths, ProjectMachine Folders, VolumeStore Store) Here()
    {
        var paths = MachinePaths.FromEnvironment();
        var folders = new ProjectMachine(paths, ProjectRoot.Find(Environment.CurrentDirectory));
        return (paths, folders, new VolumeStore(folders, EngineCatalog.Of(paths, folders.State)));
    }
}
