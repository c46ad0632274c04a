using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;
using Machine.Tool.Operations;
using Machine.Tool.Supervision;
using Microsoft.Extensions.Logging.Abstractions;

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
            var project = OpenedProject.Here();
            string hash;
            await using (var progress = ProgressView.Create())
            {
                hash = await new ProjectImage(project.Paths, EngineCatalog.Default(project.Paths), NullLoggerFactory.Instance)
                    .HashAsync(project.Folders, project.Machinefile, progress, cancel);
            }

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
            var paths = MachinePaths.FromEnvironment();
            foreach (var hash in parsed.GetValue(hashes) ?? [])
            {
                await new ImageStore(paths).RemoveAsync(hash, cancel);
                Say.Result($"{hash} is removed");
            }

            await new TemplateStore(paths).PruneAsync(TemplateBuild.MostTemplates);

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
            var paths = MachinePaths.FromEnvironment();
            var removed = await new ImageStore(paths).PruneAsync(TimeSpan.FromDays(parsed.GetValue(days)), cancel);
            var templates = await new TemplateStore(paths).PruneAsync(parsed.GetValue(days) == 0 ? 0 : TemplateBuild.MostTemplates);
            var freed = removed.Sum(image => image.SizeBytes) + templates.Sum(template => template.SizeBytes);
            Say.Result($"{HumanText.Count(removed.Count, "image")} and {HumanText.Count(templates.Count, "warm template")} removed, {HumanText.Size(freed)} freed");
            return ExitCode.Ok;
        });
        return command;
    }

    private static int List(bool json)
    {
        var paths = MachinePaths.FromEnvironment();
        var templates = new TemplateStore(paths).List().ToLookup(template => template.Facts.Image, template => template.SizeBytes);
        var images = new ImageStore(paths).List().Select(image => ImageListing.Of(image, KnownMachines.OnImage(paths, image.Hash), templates[image.Hash].Sum())).ToList();
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
                image.Hash[..Math.Min(12, image.Hash.Length)],
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
        var opened = OpenedProject.Here();
        PlanApproval.Require(opened, ConsoleConsent.Of());
        opened.Folders.Create();
        var engine = EngineCatalog.Default(opened.Paths);
        Image image;
        await using (var progress = ProgressView.Create())
        {
            progress.Step("image " + opened.Machinefile.Image);
            image = await new ProjectImage(opened.Paths, engine, NullLoggerFactory.Instance).EnsureAsync(opened.Folders, opened.Machinefile, progress, cancel, refresh);
        }

        if (!MachineRecord.IsThere(opened.Folders.State))
        {
            // Its folder has a log now: `list` and `destroy` must know whose it is.
            MachineRecord.ReadOrNew(opened.Folders.State, opened.Project, engine.Name).Save(opened.Folders.State);
        }

        Say.Result($"{image.Hash[..Math.Min(12, image.Hash.Length)]}  {HumanText.Size(image.SizeBytes)}");
        return ExitCode.Ok;
    }
}

/// <summary>One image as <c>image list --json</c> prints it.</summary>
internal sealed record ImageListing
{
    public required string Hash { get; init; }

    public required string Base { get; init; }

    public string? Sdk { get; init; }

    public required IReadOnlyList<string> Packages { get; init; }

    public required IReadOnlyList<string> NpmTools { get; init; }

    public required IReadOnlyList<string> DotnetTools { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset LastUsed { get; init; }

    public required long SizeBytes { get; init; }

    /// <summary>What the warm templates made from it take on disk.</summary>
    public required long TemplateBytes { get; init; }

    /// <summary>Ids of the machines that stand on it.</summary>
    public required IReadOnlyList<string> Machines { get; init; }

    public static ImageListing Of(Image image, IReadOnlyList<string> machines, long templateBytes) => new()
    {
        Hash = image.Hash,
        Base = image.Request.Base,
        Sdk = image.Request.SdkVersion,
        Packages = image.Request.Packages,
        NpmTools = image.Request.NpmTools,
        DotnetTools = image.Request.DotnetTools,
        Created = image.Created,
        LastUsed = image.LastUsed,
        SizeBytes = image.SizeBytes,
        TemplateBytes = templateBytes,
        Machines = machines,
    };
}
