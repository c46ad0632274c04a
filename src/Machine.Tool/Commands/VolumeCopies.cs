using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>volume export|import|compact</c>: one volume as one file.</summary>
internal static class VolumeCopies
{
    public static Verb CreateExport()
    {
        var name = VolumeCommand.NameArgument();
        var file = new Argument<string>("FILE") { Description = "The qcow2 disk to write" };
        var command = new Verb("export", "Write a volume as one compressed file")
        {
            Examples = ["dotnet machine volume export db backup.qcow2"],
        };
        command.Add(name);
        command.Add(file);
        command.SetAction(async (parsed, cancel) =>
        {
            var (paths, folders, store) = VolumeCommand.Here();
            var (volume, target) = (parsed.GetRequiredValue(name), parsed.GetRequiredValue(file));
            store.Require(volume);
            if (Path.Exists(target))
            {
                throw new MachineException($"there is already a {target}", "remove it, or name another file");
            }

            using var held = await MachineAtRest.HoldAsync(folders, EngineCatalog.Of(paths, folders.State), cancel);
            await using var progress = ProgressView.Create();
            progress.Step($"writing {target}");
            await store.ExportAsync(volume, target, cancel);
            Say.Result($"{target}: {HumanText.Size(new FileInfo(target).Length)}");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Verb CreateCompact()
    {
        var names = new Argument<string[]>("NAME") { Description = "The volumes; all of the project where none is named", Arity = ArgumentArity.ZeroOrMore };
        VolumeCommand.CheckNames(names);
        var command = new Verb("compact", "Give back what volumes take on this host's disk and do not hold any more")
        {
            Examples = ["dotnet machine volume compact", "dotnet machine volume compact packages"],
        };
        command.Add(names);
        command.SetAction(async (parsed, cancel) =>
        {
            var (paths, folders, store) = VolumeCommand.Here();
            var volumes = parsed.GetValue(names) is { Length: > 0 } given ? given : [.. store.List().Select(volume => volume.Name)];
            foreach (var volume in volumes)
            {
                store.Require(volume);
            }

            using var held = await MachineAtRest.HoldAsync(folders, EngineCatalog.Of(paths, folders.State), cancel);
            await using var progress = ProgressView.Create();
            foreach (var volume in volumes)
            {
                progress.Step($"compacting {volume}");
                var (before, after) = await store.CompactAsync(volume, cancel);
                Say.Result($"{volume}: {HumanText.Size(before)} before, {HumanText.Size(after)} now");
            }

            return ExitCode.Ok;
        });
        return command;
    }

    public static Verb CreateImport()
    {
        var name = VolumeCommand.NameArgument();
        var file = new Argument<string>("FILE") { Description = "What `volume export` wrote" };
        var yes = CommonOptions.Yes("what is on the volume now is replaced");
        var command = new Verb("import", "Replace or make a volume from an exported file")
        {
            Examples = ["dotnet machine volume import db backup.qcow2"],
        };
        command.Add(name);
        command.Add(file);
        command.Add(yes);
        command.SetAction(async (parsed, cancel) =>
        {
            var (paths, folders, store) = VolumeCommand.Here();
            var volume = parsed.GetRequiredValue(name);
            MachinePaths.CreatePrivate(paths.Home);
            MachinePaths.CreatePrivate(folders.State);
            using var held = await MachineAtRest.HoldAsync(folders, EngineCatalog.Of(paths, folders.State), cancel);
            if (store.List().FirstOrDefault(known => known.Name == volume) is { } present && !parsed.GetValue(yes))
            {
                VolumeCommand.Agree($"{VolumeCommand.Lost(present)} is replaced", $"dotnet machine volume import {volume} {parsed.GetValue(file)} --yes", "Replace it?");
            }

            await using var progress = ProgressView.Create();
            progress.Step($"reading {parsed.GetValue(file)}");
            await store.ImportAsync(volume, parsed.GetRequiredValue(file), cancel);
            Say.Result($"{volume} is imported");
            return ExitCode.Ok;
        });
        return command;
    }
}
