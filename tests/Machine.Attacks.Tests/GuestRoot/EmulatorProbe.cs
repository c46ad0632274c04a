using System.Net;
using System.Net.Sockets;
using Machine.Tool.Engines;
using Machine.Tool.Engines.Confinement;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// A guest that broke out of its emulator: perl in the emulator's place, started as machines are, does what it likes. Around it lie a
/// host's files, each with a secret in it.
/// </summary>
public sealed class EmulatorProbe : IDisposable
{
    public const string Secret = "canary-5f1d";

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("mt-escape-");

    public EmulatorProbe()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Landlock.Version > 0, "the kernel here has no Landlock");
        Assert.SkipWhen(HostProgram.Find("perl") is null, "perl is not installed");
        Project = Folder("project");
        Writable = Folder("shared");
        State = Folder("home/machines/mine");
        Runtime = Folder("run/mine");
        Directory.CreateDirectory(Places.Sockets);
        Directory.CreateDirectory(Places.Logs);
        foreach (var file in new[]
        {
            "user/.ssh/id_ed25519", "user/notes.txt", "home/keys/login", "home/approvals/project", "home/packages/a.nupkg", "home/machines/other/root.qcow2",
            "home/machines/mine/started.json", "home/machines/mine/volumes/packages.qcow2", "home/machines/mine/identity/hostname", "home/machines/mine/identity/login",
            "home/images/debian/root.raw", "home/images/debian/vmlinuz", "home/templates/t/memory", "project/Program.cs", "project/.git/config", "shared/data.txt",
        })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(file))!);
            File.WriteAllText(At(file), Secret);
        }

        File.WriteAllText(Places.EphemeralRoot, Secret);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public string Project { get; }

    public string Writable { get; }

    public string State { get; }

    public string Runtime { get; }

    /// <summary>Where it may listen.</summary>
    public int Port { get; }

    public int LastStarted { get; private set; }

    internal QemuPlaces Places => new(State, Runtime);

    public string At(string relative) => Path.Combine(root.FullName, relative);

    /// <summary>Runs a perl program to its end and returns what it said.</summary>
    public Task<string> RunAsync(string script) => RunAsync(script, new Version(9, 0, 0));

    internal async Task<string> RunAsync(string script, Version qemu)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Landlock is Linux' own");
        var perl = HostProgram.Find("perl")!;
        var program = new QemuProgram(perl, QemuProgram.HostArchitecture, qemu);
        var launch = new QemuLaunch
        {
            Architecture = program.Architecture,
            Accelerator = new Accelerator("tcg", "max"),
            Uuid = Guid.NewGuid(),
            SshPort = Port,
            Root = new DiskFile(Places.EphemeralRoot, "qcow2"),
            RootIsEphemeral = true,
            QmpSocket = Places.QmpSocket,
            ConsoleSocket = Places.ConsoleSocket,
            PidFile = Places.PidFile,
            Sandbox = true,
        };
        var spec = new MachineSpec
        {
            Id = "mine",
            Folder = State,
            RuntimeFolder = Runtime,
            Image = new BootImage(At("home/images/debian/vmlinuz"), null, new DiskFile(At("home/images/debian/root.raw"), "raw")),
            Cpus = 1,
            MemoryBytes = 64 << 20,
            DiskBytes = 1 << 30,
            Shares = [new SharedFolder("project", Project, ReadOnly: true), new SharedFolder("share0", Writable, ReadOnly: false)],
            Volumes = [new VolumeDisk("packages", new VolumeReference(At("home/machines/mine/volumes"), "packages"))],
            Identity = new Dictionary<string, string> { ["hostname"] = At("home/machines/mine/identity/hostname") },
            Thaw = new FrozenMachine(At("home/templates/t"), At("home/templates/t/memory")),
        };
        var confinement = QemuConfinement.Of(
            program, spec, launch, Places,
            [(Places.EphemeralRoot, true), (At("home/images/debian/root.raw"), false), (At("home/machines/mine/volumes/packages.qcow2"), true)]);
        return await RunAsync(perl, ["-e", "$| = 1; $SIG{ALRM} = sub { die 'too long' }; alarm 20;\n" + script], confinement);
    }

    internal async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, Confinement confinement)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Landlock is Linux' own");
        var id = LastStarted = ConfinedProcess.Start(program, arguments, ["PATH=/usr/bin:/bin"], Places.Log, confinement);
        if (HostProcess.Find(id) is { } process)
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        ConfinedProcess.Bury(id);
        return await File.ReadAllTextAsync(Places.Log, TestContext.Current.CancellationToken);
    }

    public void Dispose() => root.Delete(recursive: true);

    private string Folder(string relative) => Directory.CreateDirectory(ProjectRoot.RealPath(At(relative))).FullName;
}
