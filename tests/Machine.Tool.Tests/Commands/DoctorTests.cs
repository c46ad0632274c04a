using System.Text.Json;
using Machine.Tool.Commands.Diagnosis;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Tests.Commands;

public sealed class DoctorTests : IDisposable
{
    private readonly ToolProcess tool = new();

    private MachinePaths Paths => MachinePaths.At(tool.Home);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => tool.Dispose();

    [Fact]
    public void A_missing_program_names_the_package_that_brings_it()
    {
        var results = ProgramChecks.All(Host(without: "mmdebstrap")).ToList();

        results.Single(result => result.Name == "mmdebstrap").ShouldSatisfyAllConditions(
            result => result.Status.ShouldBe(CheckStatus.Failed),
            result => result.Packages.ShouldBe(["mmdebstrap"]),
            result => result.Fix.ShouldNotBeNull());
        results.Where(result => result.Name != "mmdebstrap").ShouldAllBe(result => result.Status == CheckStatus.Ok);
    }

    [Fact]
    public async Task A_host_without_an_sdk_fails()
    {
        (await ProgramChecks.SdkAsync(Host(without: "dotnet"), Cancel)).Status.ShouldBe(CheckStatus.Failed);
        (await ProgramChecks.SdkAsync(Host(says: new ProgramResult(0, "", "")), Cancel)).Status.ShouldBe(CheckStatus.Failed);
        (await ProgramChecks.SdkAsync(Host(says: new ProgramResult(0, "8.0.1 [/x]\n10.0.401 [/x]\n", "")), Cancel)).Message.ShouldBe("SDK 10.0.401");
    }

    // A folder of another user, or a name that no file can have: nothing is run from there.
    [Fact]
    public async Task A_folder_of_PATH_that_cannot_be_looked_at_ends_nothing()
    {
        var path = $"/{new string('x', 300)}/bin{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";

        var checks = JsonDocument.Parse((await tool.RunAsync(new Dictionary<string, string> { ["PATH"] = path }, "doctor", "--json")).Output).RootElement;

        checks.EnumerateArray().Select(check => check.GetProperty("name").GetString()).ShouldContain("PATH");
    }

    [Fact]
    public async Task A_folder_of_PATH_that_a_build_has_yet_to_make_in_the_project_is_warned_of()
    {
        tool.Write("project/Machinefile", "");
        var path = $"{tool.Project}/node_modules/.bin{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";

        (await tool.RunAsync(new Dictionary<string, string> { ["PATH"] = path }, "doctor")).Output.ShouldContain("node_modules/.bin lies in the project");
    }

    [Fact]
    public async Task Root_needs_no_user_namespaces() =>
        (await NamespaceCheck.RunAsync(Host(without: "newuidmap") with { User = new HostUser("root", 0, 0) }, Cancel)).Status.ShouldBe(CheckStatus.Ok);

    [Fact]
    public async Task A_user_without_newuidmap_gets_its_package() =>
        (await NamespaceCheck.RunAsync(Host(without: "newuidmap"), Cancel)).Packages.ShouldBe(["uidmap"]);

    [Theory]
    [InlineData(null, "/etc/subuid")]
    [InlineData("bob:100000:65536", "/etc/subuid")]
    [InlineData("alice:100000:1000", "/etc/subuid")]
    [InlineData("alice:100000:65536", null)]
    [InlineData("# comment\nbob:100000:65536\n1000:165536:65536\n", null)]
    public async Task A_user_without_spare_numbers_is_told_how_to_get_them(string? subuid, string? problem)
    {
        var result = await NamespaceCheck.RunAsync(Host() with { ReadFile = _ => subuid }, Cancel);

        result.Status.ShouldBe(problem is null ? CheckStatus.Ok : CheckStatus.Failed);
        if (problem is not null)
        {
            result.Message.ShouldContain(problem);
            result.Fix.ShouldNotBeNull().ShouldContain("usermod --add-subuids");
        }
    }

    [Fact]
    public async Task A_kernel_that_refuses_is_quoted()
    {
        var host = Host(says: new ProgramResult(1, "", "unshare: unshare failed: Operation not permitted\n")) with
        {
            ReadFile = path => path.Contains("apparmor", StringComparison.Ordinal) ? "1\n" : "alice:100000:65536",
        };

        var result = await NamespaceCheck.RunAsync(host, Cancel);

        result.Status.ShouldBe(CheckStatus.Failed);
        result.Message.ShouldContain("Operation not permitted");
        result.Fix.ShouldNotBeNull().ShouldContain("apparmor_restrict_unprivileged_userns=0");
    }

    [Theory]
    [InlineData(1, CheckStatus.Failed)]
    [InlineData(5, CheckStatus.Warning)]
    [InlineData(50, CheckStatus.Ok)]
    public void Little_disk_is_a_warning_and_too_little_a_failure(long gibibytes, object status) =>
        StateChecks.Disk(Paths, Host() with { FreeBytes = _ => gibibytes << 30 }).Status.ShouldBe((CheckStatus)status);

    [Fact]
    public void A_state_folder_that_cannot_be_made_fails()
    {
        tool.Write("home/file", "");

        StateChecks.Writable(MachinePaths.At(Path.Combine(tool.Home, "file", "below"))).Status.ShouldBe(CheckStatus.Failed);
        StateChecks.Writable(Paths).Status.ShouldBe(CheckStatus.Ok);
    }

    [Fact]
    public void A_broken_Machinefile_is_shown_with_its_position()
    {
        tool.Write("project/Machinefile", "cpu: 3\n");

        var result = ProjectCheck.Run(tool.Project, Paths);

        result.Status.ShouldBe(CheckStatus.Failed);
        result.Message.ShouldContain("Machinefile:1:1");
    }

    [Fact]
    public async Task What_crashes_leave_is_found_and_cleaned()
    {
        var half = Directory.CreateDirectory(Path.Combine(Paths.Machines, ".destroyed-x-1234")).FullName;
        var gone = new ProjectRoot(Path.Combine(tool.Home, "vanished"));
        Directory.CreateDirectory(Paths.MachineFolder(gone.MachineId));
        MachineRecord.ReadOrNew(Paths.MachineFolder(gone.MachineId), gone, "qemu").Save(Paths.MachineFolder(gone.MachineId));

        var results = await LeftoverChecks.RunAsync(Paths, Cancel);

        results.Single(result => result.Message.Contains("which is gone", StringComparison.Ordinal)).Fix.ShouldBe($"dotnet machine destroy {gone.MachineId}");
        await results.Single(result => result.Repair is not null).Repair!(Cancel);
        Directory.Exists(half).ShouldBeFalse();
        Directory.Exists(Paths.MachineFolder(gone.MachineId)).ShouldBeTrue();
    }

    [Fact]
    public async Task The_real_doctor_tells_where_a_project_is_open_to_this_host()
    {
        tool.Write("project/Machinefile", "sdk: global.json\n");
        var nested = tool.Write("project/src/global.json", "{}");
        var variables = new Dictionary<string, string> { [AcceleratorChoice.Variable] = "tcg", [InsideVariables.Inside] = "1", [InsideVariables.Switch] = "noWarn" };

        var outcome = await tool.RunAsync(variables, "doctor", "--json");

        // Whether anything failed depends on the host.
        using var findings = JsonDocument.Parse(outcome.Output);
        var open = findings.RootElement.EnumerateArray().Where(finding => finding.GetProperty("name").GetString() == "open to this host")
            .ToDictionary(finding => finding.GetProperty("message").GetString()!.Split(": ")[0], finding => (finding.GetProperty("status").GetString(), finding.GetProperty("fix").GetString()));
        open.ShouldContainKeyAndValue(nested, ("warning", "remove it, or give its folder a machine of its own"));
        open.ShouldContainKeyAndValue(InsideVariables.Inside, ("warning", $"unset {InsideVariables.Inside}"));
        open.ShouldContainKeyAndValue(InsideVariables.Switch, ("warning", $"unset {InsideVariables.Switch}"));
    }

    [Theory]
    [InlineData("ssh.log", false, false)]
    [InlineData("qmp.sock", false, true)]
    [InlineData("qmp.sock", true, false)]
    public async Task A_machine_that_ended_in_peace_or_is_suspended_is_no_leftover(string left, bool suspended, bool found)
    {
        var project = new ProjectRoot(tool.Project);
        var folder = Paths.MachineFolder(project.MachineId);
        MachineRecord.ReadOrNew(MachinePaths.CreatePrivate(folder), project, "qemu").Save(folder);
        Paths.CreateRuntime(project.MachineId);
        await File.WriteAllTextAsync(Path.Combine(Paths.MachineRuntime(project.MachineId), left), "", Cancel);
        if (suspended)
        {
            Directory.CreateDirectory(Suspension.Folder(folder));
        }

        (await LeftoverChecks.RunAsync(Paths, Cancel)).Any(result => result.Repair is not null).ShouldBe(found);
    }

    [Fact]
    public void Packages_are_installed_as_root_or_through_sudo_or_by_hand()
    {
        var root = Host() with { User = new HostUser("root", 0, 0) };

        PackageInstall.Command(["a", "b"], root).ShouldBe(["sh", "-c", "apt-get update && apt-get install -y a b"]);
        PackageInstall.Command(["a"], Host()).ShouldNotBeNull()[0].ShouldBe("sudo");
        PackageInstall.Command(["a"], Host(without: "sudo")).ShouldBeNull();
        PackageInstall.Command(["a"], Host(without: "apt-get")).ShouldBeNull();
    }

    private static HostProbe Host(string? without = null, ProgramResult? says = null) => new()
    {
        FindProgram = program => program == without ? null : "/usr/bin/" + program,
        Run = (_, _, _) => Task.FromResult(says ?? new ProgramResult(0, "", "")),
        ReadFile = _ => "alice:100000:65536",
        FreeBytes = _ => 1L << 40,
        User = new HostUser("alice", 1000, 1000),
        IsLinux = true,
    };
}
