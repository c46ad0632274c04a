using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>image export|import</c>: one image as one file, for another host or a pipeline's cache.</summary>
internal static class ImageCopies
{
    public static Verb CreateExport()
    {
        var hash = new Argument<string>("IMAGE") { Description = "The hash, or its beginning" };
        var file = new Argument<string>("FILE") { Description = "The file to write" };
        var command = new Verb("export", "Write an image as one file")
        {
            Examples = ["dotnet machine image export 3f5a9c image.tar"],
        };
        command.Add(hash);
        command.Add(file);
        command.SetAction(async (parsed, cancel) =>
        {
            var target = parsed.GetRequiredValue(file);
            var image = await ProgressView.ShownAsync(progress => HostImages.Here().ExportAsync(parsed.GetRequiredValue(hash), target, progress, cancel));
            Say.Result($"{target}: image {image.ShortName}");
            return ExitCode.Ok;
        });
        return command;
    }

    public static Verb CreateImport()
    {
        var file = new Argument<string>("FILE") { Description = "What `image export` wrote; trust it as you trust the system that will boot from it" };
        var command = new Verb("import", "Add an image from an exported file; one that is there already stays")
        {
            Examples = ["dotnet machine image import image.tar"],
        };
        command.Add(file);
        command.SetAction(async (parsed, cancel) =>
        {
            var image = await ProgressView.ShownAsync(progress => HostImages.Here().ImportAsync(parsed.GetRequiredValue(file), progress, cancel));
            Say.Result($"{image.ShortName}  {HumanText.Size(image.SizeBytes)}");
            return ExitCode.Ok;
        });
        return command;
    }
}
