using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>A stranger keeps, or writes, what this user's tool believes: approvals, images, keys.</summary>
public sealed class StateFolderAttacks : IDisposable
{
    private const string Evil = "ports: [\"8080:80\"]";

    private readonly ToolProcess tool = new();

    public StateFolderAttacks()
    {
        Stranger.Require();
        tool.Write("project/Machinefile", Evil);
        Stranger.Root("chmod", "0755", Path.GetDirectoryName(tool.Home)!);
    }

    public void Dispose()
    {
        Stranger.Root("chown", "-R", "0", Path.GetDirectoryName(tool.Home)!);
        tool.Dispose();
    }

    [Theory]
    [InlineData("chown 65534 HOME", "belongs to another user")]
    [InlineData("chmod 0777 HOME", "can be written by other users")]
    [InlineData("chgrp 65534 HOME; chmod 0770 HOME", "can be written by other users")]
    [InlineData("mv HOME HOME.real; chown 65534 HOME.real; ln -s HOME.real HOME", "belongs to another user")]
    [InlineData("chmod 0777 HOME/..", "other users may replace it")]
    [InlineData("chown 65534 HOME/..", "belongs to another user")]
    public async Task A_yes_that_another_user_may_have_written_is_no_yes(string attack, string why)
    {
        // What the attacker would write into it.
        var project = new ProjectRoot(ProjectRoot.RealPath(tool.Project));
        new ApprovalStore(MachinePaths.At(tool.Home)).Approve(project, MachinePlan.From(MachinefileReader.Read(project), project));
        (await tool.RunAsync("plan", "--json")).Output.ShouldContain("\"approved\": true");
        Stranger.Root("/bin/sh", "-ec", attack.Replace("HOME", tool.Home, StringComparison.Ordinal));

        var outcome = await tool.RunAsync("plan", "--json");

        outcome.ExitCode.ShouldBe(ExitCode.MachineUnavailable, outcome.ToString());
        outcome.Output.ShouldNotContain("\"approved\": true");
        outcome.Error.ShouldContain(why);
        outcome.Error.ShouldContain("MACHINE_HOME");
    }

    [Theory]
    [InlineData("chmod 0644 KEY", "can be read by other users")]
    [InlineData("chmod 0640 KEY", "can be read by other users")]
    [InlineData("chown 65534 KEY", "belongs to another user")]
    [InlineData("mv KEY KEY.real; ln -s KEY.real KEY", "is a link")]
    public async Task A_key_that_another_user_may_know_opens_no_machine(string attack, string why)
    {
        var paths = MachinePaths.At(tool.Home);
        var key = await SshKey.EnsureLoginAsync(paths, TestContext.Current.CancellationToken);
        Stranger.Root("/bin/sh", "-ec", attack.Replace("KEY", key, StringComparison.Ordinal));

        var refusal = await Should.ThrowAsync<MachineException>(() => SshKey.EnsureLoginAsync(paths, TestContext.Current.CancellationToken));

        refusal.Message.ShouldContain(why);
        refusal.Message.ShouldContain(key);
    }
}
