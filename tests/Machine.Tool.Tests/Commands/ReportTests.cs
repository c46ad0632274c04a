using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Tests.Commands;

/// <summary>What the verbs that report print, on a host where nothing runs.</summary>
public sealed class ReportTests : IDisposable
{
    private readonly ToolProcess tool = new();

    private ProjectRoot Project => new(ProjectRoot.RealPath(tool.Project));

    private string State => MachinePaths.At(tool.Home).MachineFolder(Project.MachineId);

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task Status_of_a_machine_that_does_not_run()
    {
        tool.Write("project/Machinefile", "");

        var status = await JsonAsync("status", "--json");

        status.GetProperty("id").GetString().ShouldBe(Project.MachineId.Text);
        status.GetProperty("project").GetString().ShouldBe(Project.Path);
        status.GetProperty("state").GetString().ShouldBe("stopped");
        status.GetProperty("heldChanges").GetInt32().ShouldBe(0);
        status.GetProperty("commands").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Status_works_from_a_subfolder()
    {
        tool.Write("project/Machinefile", "");
        tool.Write("project/src/deep/a.cs", "");

        (await tool.RunInAsync(Path.Combine(tool.Project, "src", "deep"), "status")).Output.ShouldContain(Project.MachineId.Text);
    }

    [Fact]
    public async Task List_shows_machines_whose_project_is_gone_too()
    {
        Remember();

        var machines = await JsonAsync("list", "--json");

        machines.GetArrayLength().ShouldBe(1);
        machines[0].GetProperty("id").GetString().ShouldBe(Project.MachineId.Text);
        machines[0].GetProperty("projectExists").GetBoolean().ShouldBeFalse();
        machines[0].GetProperty("state").GetString().ShouldBe("stopped");
        machines[0].GetProperty("diskBytes").GetInt64().ShouldBeGreaterThan(0);
        (await tool.RunAsync("list")).Output.ShouldContain("(gone)");
    }

    [Theory]
    [InlineData("list")]
    [InlineData("changes")]
    [InlineData("volume", "list")]
    [InlineData("image", "list")]
    [InlineData("packages", "log")]
    public async Task Nothing_to_report_is_an_empty_array_and_for_people_a_line_on_standard_error(params string[] verb)
    {
        tool.Write("project/Machinefile", "");

        (await JsonAsync([.. verb, "--json"])).GetArrayLength().ShouldBe(0);
        var plain = await tool.RunAsync(verb);
        plain.ShouldSatisfyAllConditions(p => p.ExitCode.ShouldBe(0), p => p.Output.ShouldBeEmpty(), p => p.Error.ShouldStartWith("machine: "));
    }

    [Fact]
    public async Task Volumes_are_listed_with_their_size()
    {
        Remember();
        tool.Write("project/Machinefile", "");
        Volume("db", 5000);

        var volumes = await JsonAsync("volume", "list", "--json");

        volumes[0].GetProperty("name").GetString().ShouldBe("db");
        volumes[0].GetProperty("bytes").GetInt64().ShouldBeGreaterThanOrEqualTo(5000);
        (await tool.RunAsync("volume", "list")).Output.Split('\n')[1].ShouldStartWith("db ");
    }

    [Fact]
    public async Task Packages_that_entered_are_listed()
    {
        Remember();
        tool.Write("project/Machinefile", "");
        await File.WriteAllTextAsync(
            Path.Combine(State, "packages.log"),
            """{"kind":"nuget","id":"Dapper\u001b[2J","version":"2.1.0","source":"feed","hash":"sha512-x","signature":"repository","time":"2026-01-02T03:04:05+00:00"}""" + "\n{\"cut",
            TestContext.Current.CancellationToken);

        (await JsonAsync("packages", "log", "--json"))[0].GetProperty("version").GetString().ShouldBe("2.1.0");
        var table = (await tool.RunAsync("packages", "log")).Output;
        table.ShouldContain("Dapper\\x1b[2J");
        table.ShouldContain("repository");
    }

    [Fact]
    public async Task The_plan_tells_what_is_asked_and_whether_it_is_approved()
    {
        tool.Write("project/Machinefile", "ports: [5000]\n");

        var plan = await JsonAsync("plan", "--json");

        plan.GetProperty("approved").GetBoolean().ShouldBeFalse();
        plan.GetProperty("widens").GetBoolean().ShouldBeTrue();
        plan.GetProperty("items").EnumerateArray().ShouldContain(item => item.GetProperty("widens").GetBoolean() && item.GetProperty("text").GetString()!.Contains("5000"));
        (await tool.RunAsync("plan")).Output.ShouldContain("! port 127.0.0.1:5000");
    }

    [Fact]
    public async Task The_schema_is_one_json_document() =>
        (await JsonAsync("schema")).GetProperty("title").GetString().ShouldBe("Machinefile");

    [Fact]
    public async Task Init_writes_a_file_that_is_then_read_and_never_overwrites_one()
    {
        tool.Write("project/global.json", """{"sdk":{"version":"10.0.100"}}""");
        tool.Write("project/package.json", "{}");

        var first = await tool.RunAsync("init");
        var second = await tool.RunAsync("init");

        first.ExitCode.ShouldBe(0, first.ToString());
        first.Output.ShouldBe(Project.Machinefile + "\n");
        first.Error.ShouldContain("SDK 10.0.100");
        first.Error.ShouldContain("nodejs");
        first.Error.ShouldContain("next: dotnet build");
        first.Error.ShouldContain("Directory.Build.rsp");
        second.ExitCode.ShouldBe(0, second.ToString());
        second.Output.ShouldBeEmpty();
        second.Error.ShouldContain("already");
        (await tool.RunAsync("plan")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Init_without_the_shim_leaves_the_projects_files_alone()
    {
        (await tool.RunAsync("init", "--no-shim")).ExitCode.ShouldBe(0);

        Directory.EnumerateFileSystemEntries(tool.Project).Select(Path.GetFileName).ShouldBe(["Machinefile"]);
    }

    [Fact]
    public async Task Init_below_another_project_says_so()
    {
        tool.Write("project/Machinefile", "");
        tool.Write("project/inner/a.txt", "");

        (await tool.RunInAsync(Path.Combine(tool.Project, "inner"), "init")).Error.ShouldContain("a machine of its own");
    }

    [Fact]
    public async Task Nobody_to_ask_destroys_nothing_and_is_told_what_would_be_lost()
    {
        Remember();
        Volume("db", 5000);

        var refused = await tool.RunAsync("destroy", Project.MachineId.Text);

        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain("volume db");
        refused.Error.ShouldContain("--yes");
        Directory.Exists(State).ShouldBeTrue();
    }

    [Fact]
    public async Task A_machine_of_an_engine_that_this_version_does_not_know_is_left_alone()
    {
        Remember("cloud");
        Volume("db", 5000);

        var refused = await tool.RunAsync("destroy", Project.MachineId.Text, "--yes");

        refused.ExitCode.ShouldBe(125, refused.ToString());
        refused.Error.ShouldContain($"{Project.MachineId} was started on the engine cloud");
        refused.Error.ShouldContain("dotnet tool update");
        Directory.Exists(State).ShouldBeTrue("another engine would have found nothing running, and deleted its disks");
    }

    [Fact]
    public async Task A_machine_whose_project_is_gone_is_destroyed_by_its_name()
    {
        Remember();
        Volume("db", 5000);

        var done = await tool.RunAsync("destroy", Project.MachineId.Text, "--yes");

        done.ExitCode.ShouldBe(0, done.ToString());
        Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(State)!).ShouldBeEmpty();
        (await tool.RunAsync("destroy", Project.MachineId.Text, "--yes")).ExitCode.ShouldBe(1);
    }

    [Theory]
    [InlineData("../home")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task Only_machines_can_be_destroyed(string id)
    {
        Remember();

        (await tool.RunAsync("destroy", id, "--yes")).ExitCode.ShouldBe(1);

        Directory.Exists(State).ShouldBeTrue();
    }

    [Fact]
    public async Task Removing_a_volume_needs_a_yes_unless_all_on_it_can_be_had_again()
    {
        Remember();
        tool.Write("project/Machinefile", "");
        Volume("workspace", 10);
        Volume("packages", 10);

        var refused = await tool.RunAsync("volume", "rm", "workspace");
        (await tool.RunAsync("volume", "rm", "packages")).ExitCode.ShouldBe(0);

        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain("every change that is held");
        (await JsonAsync("volume", "list", "--json")).GetArrayLength().ShouldBe(1);
        (await tool.RunAsync("volume", "rm", "workspace", "--yes")).ExitCode.ShouldBe(0);
        (await JsonAsync("volume", "list", "--json")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_volume_of_a_machine_in_use_is_left_alone()
    {
        Remember();
        tool.Write("project/Machinefile", "");
        Volume("packages", 10);
        using var supervisor = FileLock.TryAcquire(Path.Combine(State, "supervisor.lock"));

        var refused = await tool.RunAsync("volume", "rm", "packages");

        refused.ExitCode.ShouldBe(1);
        refused.Error.ShouldContain("is running");
        File.Exists(Path.Combine(State, "volumes", "packages.qcow2")).ShouldBeTrue();
    }

    [Fact]
    public async Task Compacting_gives_back_what_a_volume_holds_no_more_and_keeps_the_rest()
    {
        Assert.SkipWhen(HostProgram.Find("qemu-img") is null || HostProgram.Find("qemu-io") is null, "QEMU is not installed");
        Remember();
        tool.Write("project/Machinefile", "");
        Directory.CreateDirectory(Path.Combine(State, "volumes"));
        var disk = Path.Combine(State, "volumes", "db.qcow2");
        var cancel = TestContext.Current.CancellationToken;
        await HostProgram.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], cancel);
        // Zeroes that were written, as by a guest that knows no discard.
        await HostProgram.RunAsync("qemu-io", ["-f", "qcow2", "-c", "write -P 7 0 1M", "-c", "write -P 0 1M 40M", disk], cancel);
        DiskUsage.AllocatedBytes(disk).ShouldBeGreaterThan(40 << 20);

        var told = await tool.RunAsync("volume", "compact");

        told.ExitCode.ShouldBe(0, told.ToString());
        told.Output.ShouldContain("db: 4");
        DiskUsage.AllocatedBytes(disk).ShouldBeLessThan(3 << 20);
        await HostProgram.RunAsync("qemu-io", ["-f", "qcow2", "-c", "read -P 7 0 1M", "-c", "read -P 0 1M 63M", disk], cancel);
        (await tool.RunAsync("volume", "compact", "none")).Error.ShouldContain("there is no volume none");
    }

    [Fact]
    public async Task A_disk_that_points_at_another_file_is_not_imported()
    {
        tool.Write("project/Machinefile", "");
        var header = new byte[512];
        "QFI\u00fb"u8[..3].CopyTo(header);
        header[3] = 0xfb;
        header[7] = 3;
        header[15] = 1;
        header[23] = 16;
        header[103] = 104;
        var disk = tool.Write("evil.qcow2", "");
        await File.WriteAllBytesAsync(disk, header, TestContext.Current.CancellationToken);

        (await tool.RunAsync("volume", "import", "db", disk)).Error.ShouldContain("refers to another file");
    }

    private async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var outcome = await tool.RunAsync(arguments);
        outcome.ExitCode.ShouldBe(0, outcome.ToString());
        return JsonDocument.Parse(outcome.Output).RootElement;
    }

    private void Remember(string engine = "qemu")
    {
        Directory.CreateDirectory(State);
        MachineRecord.ReadOrNew(State, Project, engine).Save(State);
    }

    private void Volume(string name, int bytes)
    {
        Directory.CreateDirectory(Path.Combine(State, "volumes"));
        File.WriteAllBytes(Path.Combine(State, "volumes", name + ".qcow2"), new byte[bytes]);
    }
}
