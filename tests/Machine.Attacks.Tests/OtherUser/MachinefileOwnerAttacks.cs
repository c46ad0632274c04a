using Machine.Tool.Hosting;
using Machine.Tool.Sdks;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>A stranger puts a Machinefile above the folders of others: it would choose image, scripts and what comes back to the host.</summary>
public sealed class MachinefileOwnerAttacks : IDisposable
{
    private readonly ToolProcess tool = new();
    private readonly string shared;

    public MachinefileOwnerAttacks()
    {
        Stranger.Require();
        tool.Write("project/shared/Machinefile", "packages: [canary]");
        tool.Write("project/shared/global.json", "{}");
        tool.Write("project/shared/work/mine/Program.cs", "");
        shared = ProjectRoot.RealPath(Path.Combine(tool.Project, "shared"));
    }

    public void Dispose() => tool.Dispose();

    public static TheoryData<string> Ways =>
    [
        "chown 65534 S S/Machinefile S/global.json", "chown 65534 S/Machinefile S/global.json", "chown 65534 S", "chmod 0666 S/Machinefile S/global.json", "chmod 0777 S",
        "chmod 1777 S; chown 65534 S/Machinefile S/global.json",
        "mkdir S/.mine; mv S/Machinefile S/global.json S/.mine; ln -s .mine/Machinefile .mine/global.json S; chown -h 65534 S/Machinefile S/global.json",
    ];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_Machinefile_of_another_user_decides_nothing(string attack)
    {
        Attack(attack);

        var outcome = await RunAsync([], "plan");

        outcome.Output.ShouldNotContain("canary");
        outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
        outcome.Error.ShouldContain(Path.Combine(shared, "Machinefile"));
        outcome.Error.ShouldContain(TrustedOwner.Variable);
        (await RunAsync([], "exec", "true")).ExitCode.ShouldBe(ExitCode.MachineUnavailable);
        Directory.Exists(Path.Combine(tool.Home, "machines")).ShouldBeFalse("no machine was begun");
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_global_json_of_another_user_chooses_no_SDK(string attack)
    {
        GlobalJson.Find(Path.Combine(shared, "work/mine")).ShouldBe(Path.Combine(shared, "global.json"));
        Attack(attack);
        GlobalJson.Find(Path.Combine(shared, "work/mine")).ShouldBeNull();
    }

    [Theory]
    [InlineData("/", false)]
    [InlineData(".", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    [InlineData("SHARED/work", false)]
    [InlineData("SHAREDx", false)]
    [InlineData("/nowhere:SHARED", true)]
    [InlineData("SHARED/", true)]
    [InlineData("SHARED/..", true)]
    public async Task Only_a_folder_that_is_named_is_taken_whoever_owns_it(string trust, bool taken)
    {
        Attack("chown -R 65534 S");

        var outcome = await RunAsync(new() { [TrustedOwner.Variable] = trust.Replace("SHARED", shared, StringComparison.Ordinal) }, "plan");

        outcome.Output.Contains("canary", StringComparison.Ordinal).ShouldBe(taken, outcome.ToString());
    }

    [Theory]
    [InlineData("65534", true)]
    [InlineData("1234", false)]
    [InlineData("x", false)]
    public async Task Root_takes_what_belongs_to_whoever_called_sudo_and_to_nobody_else(string caller, bool taken)
    {
        Attack("chown -R 65534 S");
        var outcome = await RunAsync(new() { ["SUDO_UID"] = caller }, "plan");
        outcome.Output.Contains("canary", StringComparison.Ordinal).ShouldBe(taken, outcome.ToString());
    }

    [Fact]
    public async Task A_project_of_ones_own_below_a_strangers_is_ones_own()
    {
        Attack("chown 65534 S S/Machinefile");
        tool.Write("project/shared/work/Machinefile", "packages: [mine]");
        (await RunAsync([], "plan")).Output.ShouldContain("mine");
    }

    private void Attack(string script) => Stranger.Root("/bin/sh", "-ec", script.Replace("S/", shared + "/", StringComparison.Ordinal).Replace(" S", " " + shared, StringComparison.Ordinal));

    private Task<ToolOutcome> RunAsync(Dictionary<string, string> variables, params string[] arguments) =>
        tool.RunInAsync(Path.Combine(shared, "work/mine"), variables, arguments);
}
