using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

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
            var target = parsed.GetRequiredValue(file);
            await ProgressView.ShownAsync(progress => ProjectVolumes.Here().ExportAsync(parsed.GetRequiredValue(name), target, progress, cancel));
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
            // Said when the view is gone, also of those that came before one that failed.
            var done = new List<string>();
            try
            {
                await ProgressView.ShownAsync(progress => ProjectVolumes.Here().CompactAsync(
                    parsed.GetValue(names) ?? [], (volume, before, after) => done.Add($"{volume}: {HumanText.Size(before)} before, {HumanText.Size(after)} now"), progress, cancel));
            }
            finally
            {
                done.ForEach(Say.Result);
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
            var volume = parsed.GetRequiredValue(name);
            await ProgressView.ShownAsync(progress =>
                ProjectVolumes.Here().ImportAsync(volume, parsed.GetRequiredValue(file), ConsoleConsent.Of(parsed.GetValue(yes)), progress, cancel));
            Say.Result($"{volume} is imported");
            return ExitCode.Ok;
        });
        return command;
    }
}
