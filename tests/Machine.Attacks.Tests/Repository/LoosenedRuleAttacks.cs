using System.Net;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Tests.Machinefiles;
using Machine.Tool.Tests.Packages;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A commit that is pulled wants a package in that the project's rules kept out: it takes the rule away, or names the package in a lock file.</summary>
public sealed class LoosenedRuleAttacks : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("restore: { cooldown: 3d }", "", "packages younger than 3d may come in (the cooldown is gone)")]
    [InlineData("restore: { cooldown: 3d }", "restore: { cooldown: 1s }", "packages younger than 3d may come in (the cooldown is 1s)")]
    [InlineData("restore: { vulnerabilities: moderate }", "restore: { vulnerabilities: critical }", "packages with known vulnerabilities (moderate) may come in (refused from critical on)")]
    [InlineData("restore: { deny: [Evil.*] }", "restore: { deny: [Evil.Harmless] }", "packages are not denied any more: Evil.*")]
    [InlineData("restore: { allow: [Company.*] }", "restore: { allow: [Company.*, Evil] }", "packages that were not allowed before may come in: Company.*, Evil")]
    [InlineData("restore: { allow: [Company.*] }", "restore: { allow: [] }", "packages other than Company.* may come in")]
    [InlineData("restore: { allow: [Company.*] }", "restore: { allow: [\"*\"] }", "packages that were not allowed before may come in: *")]
    public void A_rule_that_is_taken_away_waits_for_a_yes(string before, string after, string shown)
    {
        Run(before);

        var plan = Plan(after);

        plan.Widening.Select(item => item.Text).ShouldBe([shown]);
        Store().IsApproved(scratch.Project, plan).ShouldBeFalse();
        Store().IsApproved(scratch.Project, MachinePlan.From(scratch.Read(after), scratch.Project, scratch.Host)).ShouldBeFalse("a plan that leaves it out is no way round");
        Store().Approve(scratch.Project, plan);
        Run(after);
        Run(before);
        Run(after);
    }

    [Fact]
    public void Nobody_is_asked_for_rules_that_come_or_become_stricter()
    {
        Run("");
        Run("restore: { cooldown: 1d }");
        Run("restore: { cooldown: 2d, vulnerabilities: high, allow: [A.*, B], deny: [C] }");
        Run("restore: { cooldown: 2d, vulnerabilities: low, allow: [A.X], deny: [C, D] }");
    }

    [Fact]
    public void Loosening_step_by_step_is_asked_at_each_step()
    {
        Run("restore: { cooldown: 3d }");
        Store().Approve(scratch.Project, Plan("restore: { cooldown: 2d }"));
        Run("restore: { cooldown: 2d }");

        Store().IsApproved(scratch.Project, Plan("restore: { cooldown: 1d }")).ShouldBeFalse();
        Store().IsApproved(scratch.Project, Plan("")).ShouldBeFalse();
    }

    [Fact]
    public void A_yes_to_less_is_no_yes_to_something_else_with_it()
    {
        Run("restore: { cooldown: 3d }\nports: [80]", ask: true);
        Store().Approve(scratch.Project, Plan("ports: [80]"));

        Store().IsApproved(scratch.Project, Plan("ports: [80, 81]")).ShouldBeFalse();
        Run("ports: [80]");
    }

    [Fact]
    public void A_memory_that_cannot_be_read_lets_nothing_pass()
    {
        Run("restore: { cooldown: 3d }");
        File.WriteAllText(Directory.GetFiles(scratch.At("approvals"), "*-restore.json").ShouldHaveSingleItem(), "{");

        Should.Throw<MachineException>(() => Plan("")).Message.ShouldContain("can't be read");
        Should.Throw<MachineException>(() => Store().IsApproved(scratch.Project, MachinePlan.From(scratch.Read(""), scratch.Project, scratch.Host)));
    }

    [Fact]
    public async Task A_lock_file_does_not_make_a_young_version_old()
    {
        using var packages = new TestFolder();
        PackageFolder.AddAged(packages.Path, "Company.App", "2.0.0", TimeSpan.FromHours(1));
        await using var registry = await FeedUnderTest.StartAsync([("folder", packages.Path)]);
        await using var feed = await FeedUnderTest.StartAsync([("company", registry.Server.Index.ToString())], rules: new RestoreSettings(Cooldown: "3d"));
        scratch.Write("packages.lock.json", """{ "version": 1, "dependencies": { "net10.0": { "Company.App": { "type": "Direct", "resolved": "2.0.0" } } } }""");
        feed.UseLocked(scratch.Project.Path);

        await feed.FetchAsync([("Company.App", "2.0.0")]);

        (await feed.GetAsync(FeedUnderTest.Package("company.app", "2.0.0"))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        registry.Server.Paths.ShouldNotContain(path => path.EndsWith(".nupkg", StringComparison.Ordinal));
    }

    // As a start does it.
    private void Run(string machinefile, bool ask = false)
    {
        var plan = Plan(machinefile);
        if (ask)
        {
            Store().Approve(scratch.Project, plan);
        }

        Store().IsApproved(scratch.Project, plan).ShouldBeTrue(machinefile);
        Store().Remember(scratch.Project, plan);
    }

    private MachinePlan Plan(string text) => Store().PlanOf(scratch.Read(text), scratch.Project, scratch.Host);

    private ApprovalStore Store() => new(scratch.At("approvals"));
}
