using System.Reflection;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

/// <summary>Folders and an engine of a test's own; whatever it starts ends with it.</summary>
public sealed class QemuFixture : IAsyncDisposable
{
    // One home for all tests of a run: the accelerator is probed once, for real.
    private static readonly DirectoryInfo SharedHome = CreateSharedHome();

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("mt-");

    public QemuFixture()
    {
        Assert.SkipWhen(HostProgram.Find(QemuProgram.Name) is null || HostProgram.Find("qemu-img") is null, "QEMU is not installed");
        Engine = new QemuEngine(Paths(SharedHome.FullName));
        Directory.CreateDirectory(Runtime);
    }

    internal QemuEngine Engine { get; init; }

    internal static MachinePaths SharedPaths => Paths(SharedHome.FullName);

    public string Root => root.FullName;

    /// <summary>With all that a project's path may hold: QEMU's own separators, quotes, other alphabets.</summary>
    public string Folder => Path.Combine(Root, "a,b 'c' \"d\" é 日本 id=x,,y");

    public string Runtime => Path.Combine(Root, "run,1");

    internal QemuPlaces Places => new(Folder, Runtime);

    internal static MachinePaths Paths(string home) =>
        (MachinePaths)typeof(MachinePaths).GetConstructors(BindingFlags.NonPublic | BindingFlags.Instance).Single().Invoke([home, home]);

    /// <summary>A machine that boots an empty disk: its firmware finds nothing and waits for ever.</summary>
    internal async Task<MachineSpec> EmptyMachineAsync(byte[]? boots = null)
    {
        Directory.CreateDirectory(Folder);
        var disk = Path.Combine(Root, "image, base.raw");
        await File.WriteAllBytesAsync(disk, boots ?? new byte[1 << 20]);
        return new MachineSpec
        {
            Id = "test,machine",
            Folder = Folder,
            RuntimeFolder = Runtime,
            Image = new BootImage(null, null, new DiskFile(disk, "raw")),
            Cpus = 1,
            MemoryBytes = 64L << 20,
            DiskBytes = 64L << 20,
            Shares = [],
            Volumes = [],
            Identity = new Dictionary<string, string>(),
        };
    }

    internal async Task<QemuMachine> StartAsync(MachineSpec spec) =>
        (QemuMachine)await Engine.StartAsync(spec, SilentProgress.Instance, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in HostProcess.WithArgument(Places.PidFile))
        {
            await process.KillAsync(CancellationToken.None);
        }

        root.Delete(recursive: true);
    }

    internal static async Task UntilAsync(Func<bool> condition, string what, double seconds = 60)
    {
        var deadline = DateTime.UtcNow.AddSeconds(seconds);
        while (!condition())
        {
            (DateTime.UtcNow < deadline).ShouldBeTrue($"waited {seconds} s for: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static DirectoryInfo CreateSharedHome()
    {
        var home = Directory.CreateTempSubdirectory("mt-home-");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => home.Delete(recursive: true);
        return home;
    }
}
