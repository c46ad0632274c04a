using System.Runtime.Versioning;
using Machine.Tool.Hosting;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>Another user of the host makes an image or a template for us: a machine would boot what that user wrote.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ImageStoreAttacks : IDisposable
{
    private const string Hash = "0123456789abcdef0123456789abcdef";
    private const string Nobody = "65534";

    private readonly TestFolder folder = new();
    private readonly MachinePaths paths;

    public ImageStoreAttacks()
    {
        paths = MachinePaths.At(folder["home"]);
        MachinePaths.CreatePrivate(paths.Home);
        MachinePaths.CreatePrivate(paths.Images);
        MachinePaths.CreatePrivate(paths.Templates);
        PlantImage(Path.Combine(paths.Images, Hash));
        PlantTemplate(Path.Combine(paths.Templates, Hash));
        new ImageStore(paths).Find(Hash).ShouldNotBeNull("it is what would be used");
        new TemplateStore(paths).Find(Hash, out _).ShouldNotBeNull("it is what would be used");
    }

    private string ImageFolder => Path.Combine(paths.Images, Hash);

    private string TemplateFolder => Path.Combine(paths.Templates, Hash);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_image_in_another_users_folder_is_not_used()
    {
        GiveAway(ImageFolder);
        new ImageStore(paths).Find(Hash).ShouldBeNull();
        new ImageStore(paths).List().ShouldBeEmpty();
    }

    [Fact]
    public void A_template_in_another_users_folder_is_not_used()
    {
        GiveAway(TemplateFolder);
        new TemplateStore(paths).Find(Hash, out _).ShouldBeNull();
        new TemplateStore(paths).List().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0b111_111_101)]
    [InlineData(0b111_101_111)]
    [InlineData(0b111_111_111)]
    public void What_others_may_write_is_not_used(int mode)
    {
        File.SetUnixFileMode(ImageFolder, (UnixFileMode)mode);
        File.SetUnixFileMode(TemplateFolder, (UnixFileMode)mode);
        new ImageStore(paths).Find(Hash).ShouldBeNull();
        new TemplateStore(paths).Find(Hash, out _).ShouldBeNull();
    }

    [Fact]
    public void A_link_to_a_folder_is_no_image_and_no_template()
    {
        Directory.Move(ImageFolder, folder["elsewhere"]);
        Directory.CreateSymbolicLink(ImageFolder, folder["elsewhere"]);
        Directory.Move(TemplateFolder, folder["elsewhere-too"]);
        Directory.CreateSymbolicLink(TemplateFolder, folder["elsewhere-too"]);
        new ImageStore(paths).Find(Hash).ShouldBeNull();
        new TemplateStore(paths).Find(Hash, out _).ShouldBeNull();
    }

    [Theory]
    [InlineData("another user's")]
    [InlineData("writable")]
    [InlineData("a link")]
    public async Task Nothing_is_built_in_a_store_that_is_not_ours_alone(string how)
    {
        switch (how)
        {
            case "another user's": GiveAway(paths.Images); break;
            case "writable": File.SetUnixFileMode(paths.Images, (UnixFileMode)0b111_111_111); break;
            case "a link":
                Directory.Move(paths.Images, folder["theirs"]);
                Directory.CreateSymbolicLink(paths.Images, folder["theirs"]);
                break;
        }

        (await Should.ThrowAsync<MachineException>(async () => await BuildFolder.BeginAsync(paths.Images, new string('b', 32), SilentProgress.Instance, TestContext.Current.CancellationToken)))
            .Message.ShouldContain("nothing of it is used");
    }

    [Fact]
    public async Task What_an_earlier_version_made_is_neither_used_nor_kept()
    {
        foreach (var (file, member, now) in new[]
        {
            (Path.Combine(ImageFolder, "image.json"), "format", StoredImage.CurrentFormat), (Path.Combine(TemplateFolder, "template.json"), "version", TemplateFacts.CurrentVersion),
        })
        {
            File.WriteAllText(file, File.ReadAllText(file).Replace($"\"{member}\": {now}", $"\"{member}\": {now - 1}", StringComparison.Ordinal));
        }

        new ImageStore(paths).Find(Hash).ShouldBeNull();
        new TemplateStore(paths).Find(Hash, out _).ShouldBeNull();
        new ImageStore(paths).DropOutdated();
        await new TemplateStore(paths).PruneAsync(6);
        Directory.Exists(ImageFolder).ShouldBeFalse();
        Directory.Exists(TemplateFolder).ShouldBeFalse();
    }

    private static void PlantImage(string place)
    {
        MachinePaths.CreatePrivate(place);
        File.WriteAllText(Path.Combine(place, "root.raw"), "evil");
        JsonState.Write(Path.Combine(place, "image.json"), new StoredImage
        {
            Format = StoredImage.CurrentFormat,
            Hash = Hash,
            Inputs = "",
            Request = new ImageRequest
            {
                Base = "debian/12",
                Packages = [],
                NpmTools = [],
                DotnetTools = [],
                Provision = [],
            },
            Created = DateTimeOffset.UnixEpoch,
            SizeBytes = 1,
            Facts = new ImageFacts
            {
                System = "Debian",
                Release = "6.1",
                Kernel = null,
                Initrd = null,
                Disk = "root.raw",
                DiskFormat = "raw",
                KernelArguments = "",
            },
        });
    }

    private static void PlantTemplate(string place)
    {
        MachinePaths.CreatePrivate(place);
        File.WriteAllText(Path.Combine(place, "memory"), "evil");
        JsonState.Write(Path.Combine(place, TemplateFacts.FileName), new TemplateFacts
        {
            Version = TemplateFacts.CurrentVersion,
            Key = Hash,
            Image = Hash,
            Base = "debian/12",
            Sdk = null,
            Machine = "engine",
            User = "me",
            Created = DateTimeOffset.UnixEpoch,
            Files = new Dictionary<string, TemplateFile> { ["memory"] = TemplateFile.Of(Path.Combine(place, "memory"))! },
        });
    }

    private static void GiveAway(string place)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs root, to be another user");
        System.Diagnostics.Process.Start("chown", ["-h", $"{Nobody}:{Nobody}", place]).WaitForExit();
    }
}
