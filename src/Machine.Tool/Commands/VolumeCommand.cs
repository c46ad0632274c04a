using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>volume list|rm|export|import|compact</c>: the disks of the project's machine that outlive it.</summary>
internal static class VolumeCommand
{
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
        command.SetAction(parsed => List(ProjectVolumes.Here().List(), parsed.GetValue(json)));
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
            await ProjectVolumes.Here().RemoveAsync(volume, ConsoleConsent.Of(parsed.GetValue(yes)), cancel);
            Say.Result($"{volume} is deleted");
            return ExitCode.Ok;
        });
        return command;
    }

    private static int List(IReadOnlyList<VolumeInfo> volumes, bool json)
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
}
