using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Machinefiles;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A Machinefile asks for all that the host has: it would stand still, and so would everything else on it.</summary>
public sealed class SizeAttacks : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    // The host: 64 GiB of memory, 8 processors, 200 GiB free.
    private HostFacts Host(long freeGiB = 200) => scratch.Host with { FreeDiskBytes = freeGiB << 30 };

    private MachinePlan Plan(string text, HostFacts host) => MachinePlan.From(scratch.Read(text), scratch.Project, host);

    [Theory]
    [InlineData("disk: 16TiB\ncpus: 256\nvolumes: { a: { guest: /a, size: 16TiB }, b: { guest: /b, size: 16TiB }, packages: { size: 16TiB } }\nidle: never", "disk in all")]
    [InlineData("memory: 33GiB", "33GiB of memory")]
    [InlineData("memory: 64GiB", "64GiB of memory")]
    [InlineData("disk: 80GiB", "disk in all")]
    [InlineData("volumes: { a: { guest: /a, size: 111GiB } }", "disk in all")]
    [InlineData("volumes: { a: { guest: /a, size: 70GiB }, b: { guest: /b, size: 70GiB } }", "disk in all")]
    [InlineData("volumes: { packages: { size: 121GiB } }", "disk in all")]
    public void More_than_half_of_the_host_needs_a_yes(string text, string words)
    {
        var plan = Plan(text, Host());
        plan.WidensBoundary.ShouldBeTrue();
        plan.Widening.ShouldContain(item => item.Text.Contains(words, StringComparison.Ordinal));
        new ApprovalStore(scratch.At("approvals")).IsApproved(scratch.Project, plan).ShouldBeFalse();
    }

    [Fact]
    public void Many_small_volumes_are_one_large_one()
    {
        var volumes = string.Join(", ", Enumerable.Range(0, 30).Select(i => $"v{i}: {{ guest: /v{i} }}"));
        Plan($"volumes: {{ {volumes} }}", Host()).WidensBoundary.ShouldBeTrue();
    }

    [Fact]
    public void No_machine_gets_more_processors_than_the_host_has() => scratch.Read("cpus: 256").Cpus.ShouldBe(8);

    [Theory]
    [InlineData("", 1)]
    [InlineData("disk: 20GiB\nmemory: 4GiB\nvolumes: { db: { guest: /db }, cache: { guest: /c } }", 1)]
    [InlineData("memory: 32GiB", 1)]
    [InlineData("disk: 50GiB\nvolumes: { db: { guest: /db, size: 40GiB } }", 200)]
    public void The_defaults_and_moderately_more_ask_nothing(string text, long freeGiB) => Plan(text, Host(freeGiB)).WidensBoundary.ShouldBeFalse();

    [Fact]
    public void A_yes_holds_whatever_is_free_later_and_only_for_that_size()
    {
        const string Text = "disk: 80GiB\nports: [\"8080:80\"]";
        var approvals = new ApprovalStore(scratch.At("approvals"));
        approvals.Approve(scratch.Project, Plan(Text, Host()));

        approvals.IsApproved(scratch.Project, Plan(Text, Host(freeGiB: 10))).ShouldBeTrue();
        approvals.IsApproved(scratch.Project, Plan(Text, Host(freeGiB: 5000))).ShouldBeTrue("less is asked");
        approvals.IsApproved(scratch.Project, Plan(Text.Replace("80GiB", "81GiB", StringComparison.Ordinal), Host())).ShouldBeFalse();
    }

    [Fact]
    public void A_yes_on_a_roomy_host_is_none_to_filling_it()
    {
        const string Text = "disk: 80GiB\nports: [\"8080:80\"]";
        var approvals = new ApprovalStore(scratch.At("approvals"));
        approvals.Approve(scratch.Project, Plan(Text, Host(freeGiB: 5000)));
        approvals.IsApproved(scratch.Project, Plan(Text, Host())).ShouldBeFalse();
    }
}
