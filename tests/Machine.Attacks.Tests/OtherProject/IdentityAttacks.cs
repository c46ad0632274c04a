using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Machinefiles;

namespace Machine.Attacks.Tests.OtherProject;

/// <summary>A project names itself so that this tool takes it for another: that one's machine, volumes or yes.</summary>
public sealed class IdentityAttacks : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("/w/shop", "/v/shop")]
    [InlineData("/w/shop", "/w/shop/shop")]
    [InlineData("/w/shop", "/w/Shop")]
    [InlineData("/w/shop", "/w/shop ")]
    [InlineData("/w/shop", "/w/shop\n")]
    [InlineData("/w/shop", "/w/sh\u043ep")]
    [InlineData("/w/caf\u00e9", "/w/cafe\u0301")]
    [InlineData("/w/a-b", "/w/a b")]
    [InlineData("/w/a-b", "/w/a_b")]
    [InlineData("/w/a", "/w/a.")]
    public void Two_folders_are_two_machines(string one, string other) => new ProjectRoot(one).MachineId.ShouldNotBe(new ProjectRoot(other).MachineId);

    [Theory]
    [InlineData("/w/../../etc")]
    [InlineData("/w/..")]
    [InlineData("/w/a/b")]
    [InlineData("/w/\u202e")]
    [InlineData("/w/a;rm -rf ~")]
    [InlineData("/w/$(x)")]
    [InlineData("/w/-oProxyCommand=x")]
    [InlineData("/w/con")]
    public void A_machines_name_is_a_plain_name(string path) => new ProjectRoot(path).MachineId.Text.ShouldMatch("^[a-z0-9][a-z0-9-]*-[0-9a-z]+$");

    [Fact]
    public void A_link_does_not_make_a_project_another()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a link needs a right there");
        scratch.Write("Machinefile", "cpus: 1\n");
        Directory.CreateSymbolicLink(scratch.At("other"), scratch.Project.Path);

        ProjectRoot.Find(scratch.At("other")).MachineId.ShouldBe(scratch.Project.MachineId);
    }

    [Fact]
    public void A_Machinefile_that_is_a_link_into_another_project_is_not_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a link needs a right there");
        Directory.CreateDirectory(scratch.At("victim"));
        File.WriteAllText(scratch.At("victim/Machinefile"), "env: {SECRET: }\n");
        File.CreateSymbolicLink(scratch.Project.Machinefile, scratch.At("victim/Machinefile"));

        Should.Throw<MachineException>(() => MachinefileReader.Read(scratch.Project)).Message.ShouldContain("leaves the project");
    }

    [Fact]
    public void A_yes_for_one_project_is_none_for_its_copy()
    {
        var store = new ApprovalStore(scratch.At("state/approvals"));
        var plan = MachinePlan.From(scratch.Read("ports: [80]"), scratch.Project);
        store.Approve(scratch.Project, plan);

        store.IsApproved(new ProjectRoot(Directory.CreateDirectory(scratch.At("copy/project")).FullName), plan).ShouldBeFalse();
    }
}
