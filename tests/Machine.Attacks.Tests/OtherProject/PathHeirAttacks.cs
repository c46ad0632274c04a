using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.OtherProject;

/// <summary>Another repository comes to lie where one lay: the disks, held changes and yeses of the first are not its own.</summary>
public sealed class PathHeirAttacks : IDisposable
{
    private const string Ports = "ports: [\"8080:80\"]";

    private readonly ToolProcess tool = new();
    private readonly ProjectMachine folders;
    private readonly ProjectRoot project;

    public PathHeirAttacks()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "folders made within a moment of each other are told apart by the file system");
        project = new ProjectRoot(ProjectRoot.RealPath(tool.Project));
        folders = new ProjectMachine(MachinePaths.At(tool.Home), project).Create();
        Clone("https://git.example/acme/shop.git");
        MachineRecord.ReadOrNew(folders.State, project, "qemu").Save(folders.State);
        MachineProject.Remember(folders);
        File.WriteAllText(Disk, "canary of the first repository");
        Store.Approve(project, Plan());
    }

    public void Dispose()
    {
        Directory.Delete(Path.GetDirectoryName(folders.Runtime)!, recursive: true);
        tool.Dispose();
    }

    private string Disk => Path.Combine(folders.Volumes, "workspace.qcow2");

    private ApprovalStore Store => new(MachinePaths.At(tool.Home));

    [Theory]
    [InlineData("https://git.example/evil/shop.git", true)]
    [InlineData("https://git.example/evil/shop.git", false)]
    [InlineData("https://evil.example/acme/shop.git", true)]
    [InlineData("git@git.example:acme/shop2.git", true)]
    [InlineData("https://git.example@evil.example/acme/shop.git", true)]
    [InlineData("https://git.example/acme/shop.git/../../evil/shop", true)]
    [InlineData(null, true)]
    [InlineData("", true)]
    public async Task Another_repository_at_the_same_path_inherits_nothing(string? origin, bool folderToo)
    {
        if (folderToo)
        {
            RequireBirth();
        }

        Replace(origin, folderToo);

        Should.Throw<MachineException>(() => MachineProject.Require(folders));
        Store.IsApproved(project, Plan()).ShouldBeFalse("the yes was another repository's");
        foreach (var verb in (string[][])[["start", "--approve"], ["exec", "true"], ["changes"]])
        {
            var outcome = await tool.RunAsync(verb);
            outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
            outcome.Error.ShouldContain("belongs to another project");
            outcome.Error.ShouldContain("--fresh");
        }

        File.Exists(Disk).ShouldBeTrue("nothing is lost without a yes");
    }

    [Fact]
    public async Task Beginning_anew_asks_first_and_leaves_nothing_of_the_first()
    {
        Replace("https://git.example/evil/shop.git", folderToo: true);

        var asked = await tool.RunAsync("start", "--fresh");
        asked.ExitCode.ShouldNotBe(ExitCode.Ok);
        asked.Error.ShouldContain("volume workspace");
        asked.Error.ShouldContain("dotnet machine start --fresh --yes");
        File.Exists(Disk).ShouldBeTrue();

        // Then it starts as a new one does: here it is refused, for nobody approved its plan.
        var done = await tool.RunAsync("start", "--fresh", "--yes");
        done.Error.ShouldContain("asks for more than its own project", customMessage: done.ToString());
        Directory.Exists(folders.State).ShouldBeFalse();
    }

    // A copy has its machine's sockets: their folder is named after the id's end.
    [Fact]
    public async Task A_copy_of_a_machines_folder_is_destroyed_without_the_machine()
    {
        var paths = MachinePaths.At(tool.Home);
        var copy = new MachineFolders(paths, new MachineId($"old-{folders.Id}"));
        Directory.CreateDirectory(copy.State);
        File.Copy(Path.Combine(folders.State, "machine.json"), Path.Combine(copy.State, "machine.json"));
        await File.WriteAllTextAsync(folders.ControlSocket, "", TestContext.Current.CancellationToken);
        copy.Runtime.ShouldBe(folders.Runtime);

        await MachineAtRest.DestroyAsync(copy, EngineCatalog.Default(paths), TestContext.Current.CancellationToken);

        Directory.Exists(copy.State).ShouldBeFalse();
        File.Exists(folders.ControlSocket).ShouldBeTrue();
        File.Exists(Disk).ShouldBeTrue();
    }

    [Theory]
    [InlineData("x-..")]
    [InlineData("x-")]
    [InlineData("shop-12345678~")]
    [InlineData(".destroyed-shop-12345678")]
    public void A_folder_that_is_called_as_no_machine_is_none(string name)
    {
        Directory.CreateDirectory(Path.Combine(MachinePaths.At(tool.Home).Machines, name));

        KnownMachines.All(MachinePaths.At(tool.Home)).Select(machine => machine.Id).ShouldBe([folders.Id]);
    }

    // A destroyed machine's list of what it brought says which files of the host a machine may overwrite without a word.
    [Theory]
    [InlineData("https://git.example/evil/shop.git", false)]
    [InlineData("https://git.example/acme/shop.git", true)]
    public async Task What_a_destroyed_machine_brought_is_its_own_projects_alone(string origin, bool inherits)
    {
        File.WriteAllText(
            Path.Combine(folders.State, "changes.json"),
            """{"version":1,"upperId":"u","brought":{"bin/canary":{"host":{"kind":"file","sizeBytes":1,"modifiedNs":1,"sha256":"x"}}},"held":{}}""");
        await MachineAtRest.DestroyAsync(folders, EngineCatalog.Default(MachinePaths.At(tool.Home)), TestContext.Current.CancellationToken);
        Replace(origin, folderToo: true);

        MachineProject.Remember(folders.Create());

        Machine.Tool.Workspaces.Review.ChangeLedger.Load(folders.State).Brought.ContainsKey(Machine.Tool.Workspaces.Paths.ProjectPath.From("bin/canary")!).ShouldBe(inherits);
    }

    [Theory]
    [InlineData("https://git.example/acme/shop.git")]
    [InlineData("https://git.example/acme/shop")]
    [InlineData("https://user:token@GIT.example/acme/shop.git")]
    [InlineData("git@git.example:acme/shop.git")]
    [InlineData("ssh://git@git.example:22/acme/shop.git/")]
    public void The_same_repository_cloned_anew_goes_on(string origin)
    {
        Replace(origin, folderToo: true);
        MachineProject.Require(folders);
        Store.IsApproved(project, Plan()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_project_that_was_made_anew_is_kept_when_its_user_says_so()
    {
        RequireBirth();
        Replace(origin: null, folderToo: true);
        Should.Throw<MachineException>(() => MachineProject.Require(folders));

        (await tool.RunAsync("start", "--keep")).Error.ShouldNotContain("belongs to another project");

        MachineProject.Require(folders);
        File.Exists(Disk).ShouldBeTrue();
    }

    [Fact]
    public void No_password_of_a_remote_is_kept()
    {
        Replace("https://user:canary-token@git.example/acme/shop.git", folderToo: true);
        MachineProject.Remember(folders);
        Store.Approve(project, Plan());
        Directory.EnumerateFiles(tool.Home, "*", SearchOption.AllDirectories).Where(file => File.ReadAllText(file).Contains("canary-token", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_a_repositorys_files_holds_nobody_up()
    {
        foreach (var name in new[] { "config", "HEAD" })
        {
            await NamedPipe.MakeAsync(Path.Combine(tool.Project, ".git", name));
        }

        await Task.Run(() => ProjectMark.Of(project)).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private MachinePlan Plan() => MachinePlan.From(MachinefileReader.Read(project), project);

    private void Replace(string? origin, bool folderToo)
    {
        Directory.Delete(folderToo ? tool.Project : Path.Combine(tool.Project, ".git"), recursive: true);
        Clone(origin);
    }

    // As git clone leaves it; null for a project without a repository.
    private void Clone(string? origin)
    {
        tool.Write("project/Machinefile", Ports);
        if (origin is not null)
        {
            tool.Write("project/.git/HEAD", "ref: refs/heads/main\n");
            tool.Write("project/.git/config", $"[core]\n\tbare = false\n{(origin.Length > 0 ? $"[remote \"origin\"]\n\turl = {origin}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n" : "")}");
        }
    }

    private void RequireBirth() => Assert.SkipWhen(ProjectMark.Of(project).Born is null, "this file system does not tell when a folder was made");
}
