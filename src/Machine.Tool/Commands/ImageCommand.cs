using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>image list|build|hash|warm|rm|prune|export|import</c>: the base systems that all projects of this host share.</summary>
internal static class ImageCommand
{
    public static Command Create()
    {
        var command = new Verb("image", "List, build, copy and remove the images that machines start from")
        {
            Examples = ["dotnet machine image list", "dotnet machine image build", "dotnet machine image prune --older-than 30"],
        };
        command.Add(CreateList());
        command.Add(CreateBuild());
        command.Add(CreateHash());
        command.Add(WarmCommand.Create());
        command.Add(CreateRemove());
        command.Add(CreatePrune());
        command.Add(ImageCopies.CreateExport());
        command.Add(ImageCopies.CreateImport());
        return command;
    }

    private static Verb CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Verb("list", "List the images of this host") { json };
        command.Aliases.Add("ls");
        command.SetAction(parsed => List(parsed.GetValue(json)));
        return command;
    }

    private static Verb CreateBuild()
    {
        var command = new Verb("build", "Build the image that this project's Machinefile asks for, if it is not there")
        {
            Examples = ["dotnet machine image build", "dotnet machine image build --refresh"],
        };
        var refresh = new Option<bool>("--refresh") { Description = "Ask anew which versions the tools of tools: have" };
        command.Add(refresh);
        command.SetAction((parsed, cancel) => BuildAsync(parsed.GetValue(refresh), cancel));
        return command;
    }

    private static Verb CreateHash()
    {
        var command = new Verb("hash", "Print the name of the image that this project's Machinefile asks for, built or not")
        {
            Examples = ["dotnet machine image hash"],
        };
        command.SetAction(async (_, cancel) =>
        {
            var hash = await ProgressView.ShownAsync(progress => ProjectImages.HashAsync(OpenedProject.Here(), progress, cancel));
            Say.Result(hash);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Verb CreateRemove()
    {
        var hashes = new Argument<string[]>("IMAGE") { Description = "The hash, or its beginning", Arity = ArgumentArity.OneOrMore };
        var command = new Verb("rm", "Remove images that no machine uses")
        {
            Examples = ["dotnet machine image rm 3f5a9c"],
        };
        command.Add(hashes);
        command.SetAction(async (parsed, cancel) =>
        {
            await HostImages.Here().RemoveAsync(parsed.GetValue(hashes) ?? [], hash => Say.Result($"{hash} is removed"), cancel);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Verb CreatePrune()
    {
        var days = new Option<int>("--older-than") { Description = "Only what nobody used for so many days", HelpName = "DAYS" };
        days.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0)
            {
                result.AddError("--older-than takes a number of days");
            }
        });
        var command = new Verb("prune", "Remove every image that no machine uses, and what interrupted builds left")
        {
            Examples = ["dotnet machine image prune", "dotnet machine image prune --older-than 30"],
        };
        command.Add(days);
        command.SetAction(async (parsed, cancel) =>
        {
            var pruned = await HostImages.Here().PruneAsync(parsed.GetValue(days), cancel);
            Say.Result($"{HumanText.Count(pruned.Images, "image")} and {HumanText.Count(pruned.Templates, "warm template")} removed, {HumanText.Size(pruned.FreedBytes)} freed");
            return ExitCode.Ok;
        });
        return command;
    }

    private static int List(bool json)
    {
        var images = HostImages.Here().List();
        if (json)
        {
            Say.Json(images);
            return ExitCode.Ok;
        }

        if (images.Count == 0)
        {
            Say.Aside("there are no images on this host; the first start of a machine builds one");
            return ExitCode.Ok;
        }

        var table = new ReportTable("IMAGE", "BASE", "SDK", "SIZE", "WARM", "USED", "MACHINES");
        foreach (var image in images)
        {
            table.Add(
                image.ShortName,
                image.Base,
                image.Sdk ?? "none",
                HumanText.Size(image.SizeBytes),
                image.TemplateBytes > 0 ? HumanText.Size(image.TemplateBytes) : "-",
                HumanText.Age(image.LastUsed, DateTimeOffset.UtcNow) + " ago",
                image.Machines.Count > 0 ? string.Join(", ", image.Machines) : "-");
        }

        table.Print();
        return ExitCode.Ok;
    }

    private static async Task<int> BuildAsync(bool refresh, CancellationToken cancel)
    {
        var image = await ProgressView.ShownAsync(progress => ProjectImages.BuildAsync(OpenedProject.Here(), refresh, ConsoleConsent.Of(), progress, cancel));
        Say.Result($"{image.ShortName}  {HumanText.Size(image.SizeBytes)}");
        return ExitCode.Ok;
    }
}
