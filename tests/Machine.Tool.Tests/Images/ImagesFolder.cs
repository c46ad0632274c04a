using System.Reflection;
using Machine.Tool.Hosting;
using Machine.Tool.Images;
using Machine.Tool.Images.Build;
using Machine.Tool.Images.Distributions;
using Machine.Tool.Images.Store;
using Machine.Tool.Images.Templates;
using Machine.Tool.Machines;

namespace Machine.Tool.Tests.Images;

/// <summary>A home of its own for a test, gone afterwards.</summary>
internal sealed class ImagesFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("machine-images-");

    public ImagesFolder() =>
        Paths = (MachinePaths)typeof(MachinePaths).GetConstructors(BindingFlags.NonPublic | BindingFlags.Instance).Single().Invoke([Home, Home]);

    public string Home => folder.FullName;

    public MachinePaths Paths { get; }

    public static ImageRequest Request(params string[] packages) => new()
    {
        Base = "debian/12",
        Packages = packages,
        NpmTools = [],
        DotnetTools = [],
        Provision = [],
    };

    /// <summary>What such a request is named by here.</summary>
    public static string Inputs(ImageRequest request) => ImageHash.Inputs(request, sdk: null, TrustStore.OfThisHost());

    public string Write(string path, string content = "")
    {
        var file = Path.Combine(Home, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    /// <summary>An image made by the store's own ways, of small files.</summary>
    public async Task<Image> CommitAsync(string hash, ImageRequest? request = null, string inputs = "made up")
    {
        await using var build = await BuildFolder.BeginAsync(Paths.Images, hash, SilentProgress.Instance, TestContext.Current.CancellationToken);
        foreach (var file in new[] { "root.raw", "kernel", "initrd", "sources.sources" })
        {
            await File.WriteAllTextAsync(Path.Combine(build.Path, file), file);
        }

        Directory.CreateDirectory(Path.Combine(build.Path, "recipe"));
        var facts = new ImageFacts
        {
            System = "Test 1",
            Release = "6.1",
            Kernel = "kernel",
            Initrd = "initrd",
            Disk = "root.raw",
            DiskFormat = "raw",
            KernelArguments = ImageRecipe.KernelArguments,
        };
        return await new ImageStore(Paths).CommitAsync(build, hash, inputs, request ?? Request(), facts, TestContext.Current.CancellationToken);
    }

    /// <summary>A warm template likewise.</summary>
    public async Task CommitTemplateAsync(string key, string image)
    {
        await using var build = await BuildFolder.BeginAsync(Paths.Templates, key, SilentProgress.Instance, TestContext.Current.CancellationToken);
        foreach (var file in (string[])["memory", "root.qcow2", "state"])
        {
            await File.WriteAllTextAsync(Path.Combine(build.Path, file), $"{key} {file}");
        }

        var files = Directory.EnumerateFiles(build.Path).ToDictionary(file => Path.GetFileName(file), file => TemplateFile.Of(file)!);
        await new TemplateStore(Paths).CommitAsync(build, new TemplateFacts
        {
            Version = TemplateFacts.CurrentVersion,
            Key = key,
            Image = image,
            Base = "debian/12",
            Sdk = "10.0.100",
            Machine = "qemu",
            User = "me",
            Created = DateTimeOffset.UtcNow,
            Files = files,
        });
    }

    /// <summary>A machine that was started once, and its record.</summary>
    /// <returns>Its id.</returns>
    public string Machine(string project, Func<MachineRecord, MachineRecord> change)
    {
        var root = new ProjectRoot(project);
        var state = Directory.CreateDirectory(Paths.MachineFolder(root.MachineId)).FullName;
        change(MachineRecord.ReadOrNew(state, root, "qemu")).Save(state);
        return root.MachineId.Text;
    }

    public void Dispose() => folder.Delete(recursive: true);
}
