using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Tests.Commands;
using Machine.Tool.Workspaces.Paths;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Tests.Machines;

/// <summary>A suspended machine with held changes, as commit 8f3812e wrote it (the folder Written): this version goes on with it.</summary>
public sealed class UpgradeTests : IDisposable
{
    private const string Image = "8cd9cda7a123919a83c4fd2167699617";

    private readonly TestFolder home = new();
    private readonly MachinePaths paths;
    private readonly MachineFolders folders;

    public UpgradeTests()
    {
        paths = MachinePaths.At(home.Path);
        folders = new MachineFolders(paths, new MachineId("shop-e7c7ea0b"));
        foreach (var file in Directory.EnumerateFiles(Path.Combine(CommandDocsTests.Root, "tests", "Machine.Tool.Tests", "Machines", "Written")))
        {
            var folder = Path.GetFileName(file) == "frozen.json" ? Suspension.Folder(folders.State) : folders.State;
            Directory.CreateDirectory(folder);
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    public void Dispose() => home.Dispose();

    [Fact]
    public void It_is_known_as_its_projects_and_keeps_its_image()
    {
        var machine = KnownMachines.All(paths).Single();

        machine.Id.ShouldBe(folders.Id);
        machine.Project!.Path.ShouldBe("/srv/shop");
        KnownMachines.OnImage(paths, Image).ShouldBe([folders.Id.Text]);
        MachineRecord.ReadOrNew(folders.State, machine.Project, "qemu").Prepared.ShouldBeTrue();
        MachineProject.Known(folders.State)!.Branch.ShouldBe("master");
        EngineCatalog.Of(paths, folders.State).Name.ShouldBe("qemu");
    }

    [Fact]
    public void It_is_resumed_as_what_it_was_started()
    {
        var started = StartedMachine.Read(folders.State)!;

        started.Machinefile.Ports.ShouldBe([new PortForward(18467, 80)]);
        started.Machinefile.Env["STAGE"].ShouldBe("test");
        started.Machinefile.Volumes["db"].ShouldBe(new Volume("/var/lib/db", 1L << 30));
        started.Spec.Volumes.Select(volume => volume.Serial).ShouldBe(["packages", "db", "workspace"]);
        started.Spec.Volumes[1].Volume.ShouldBe(new VolumeReference("/srv/home/machines/shop-e7c7ea0b/volumes", "db"));
        started.Spec.Image.Disk.Path.ShouldContain(Image);
        Suspension.IsThere(folders.State).ShouldBeTrue();
        JsonState.Read<FrozenState>(FrozenState.Description(Suspension.Folder(folders.State)))!.Build.ShareTags.ShouldBe(["project"]);
    }

    [Fact]
    public void What_it_holds_is_held_and_what_it_brought_is_its_own()
    {
        var ledger = ChangeLedger.Load(folders.State);

        ledger.Held.Keys.Select(path => path.Text).ShouldBe(["notes.md", "src/a.txt"], ignoreOrder: true);
        ledger.Held[ProjectPath.From("src/a.txt")!].Host.SizeBytes.ShouldBe(6);
        ledger.Brought.Keys.Select(path => path.Text).ShouldBe(["artifacts/x.txt"]);
        ToldChanges.Any(folders.State).ShouldBeTrue();
    }
}
