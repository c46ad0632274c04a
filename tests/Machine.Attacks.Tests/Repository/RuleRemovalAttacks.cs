using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Commands;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A person took a server away; a commit brings it back, as it was, within a wider rule, or without the rule that leaves it out. By the tool as a user starts it.</summary>
public sealed class RuleRemovalAttacks : IDisposable
{
    private readonly ToolProcess tool = new();
    private readonly MachinePaths paths;
    private readonly ProjectRoot project;

    public RuleRemovalAttacks()
    {
        paths = MachinePaths.At(tool.Home);
        project = new ProjectRoot(ProjectRoot.RealPath(tool.Project));
    }

    private string Text => File.ReadAllText(project.Machinefile);

    public void Dispose() => tool.Dispose();

    [Fact]
    public async Task A_server_that_was_taken_out_does_not_come_back_by_a_commit_and_nobody_is_asked_meanwhile()
    {
        Approve("network: { allow: [a.example.com, b.example.com] }\n");
        var machine = new ProjectMachine(paths, project).Create();
        var running = new LiveRules(machine, paths, MachinefileReader.Read(project).Network.ToRules());
        Names(running).ShouldBe(["a.example.com", "b.example.com"]);

        (await RunAsync("remove", "a.example.com")).Output.ShouldStartWith("a.example.com is no longer allowed in ");

        Text.ShouldBe("network: { allow: [b.example.com] }\n");
        IsApproved().ShouldBeTrue("nobody is asked about less");
        Names(running).ShouldBe(["b.example.com"]);
        Write("network: { allow: [a.example.com, b.example.com] }\n");
        IsApproved().ShouldBeFalse();
        Names(running).ShouldBe(["b.example.com"]);
        (await tool.RunAsync("plan", "--json")).Output.ShouldContain("\"approved\": false");
        Directory.Delete(machine.Runtime, recursive: true);
    }

    [Theory]
    [InlineData("npm", "network: { allow: [npm, b.example.com] }\n", "remove")]
    [InlineData("git:git.example.com/acme/*", "network: { allow: [\"git:git.example.com/acme/*\", b.example.com] }\n", "remove")]
    [InlineData("git+push:git.example.com/acme/shop", "network: { allow: [\"git+push:git.example.com/acme/shop\"] }\n", "remove")]
    [InlineData("git.example.com", "network:\n  allow: [\"git:git.example.com/acme/*\"]\n", "deny")]
    [InlineData("api.example.com", "secrets: { KEY: { from: env, to: api.example.com } }\n", "deny")]
    [InlineData("npm", "network:\n  allow: [npm]\n", "deny")]
    public async Task What_was_taken_out_or_denied_does_not_come_back_by_a_commit(string rule, string before, string verb)
    {
        Approve(before);

        await RunAsync(verb, rule);

        IsApproved().ShouldBeTrue("nobody is asked about less");
        Write(before);
        IsApproved().ShouldBeFalse();
    }

    [Fact]
    public async Task The_rules_for_packages_are_remembered_whatever_is_taken_out()
    {
        Approve("network: { allow: [a.example.com] }\nrestore: { cooldown: 3d }\n");
        new ApprovalStore(paths).Remember(project, Plan());

        await RunAsync("remove", "a.example.com");

        Write("");
        IsApproved().ShouldBeFalse("a cooldown that is gone is asked about");
    }

    [Theory]
    [InlineData("network: { allow: [a.example.com, c.example.com] }\n", false)]
    [InlineData("network: { allow: [{ name: a.example.com, private: true }] }\n", false)]
    [InlineData("network: { allow: [\"*.example.com\"] }\n", false)]
    [InlineData("network: { allow: [\"a.example.com:443\"] }\n", false)]
    [InlineData("network: { allow: [a.example.com] }\nports: [80]\n", false)]
    // They never let the machine reach it.
    [InlineData("network: { allow: [c.example.com] }\n", true)]
    [InlineData("network: { allow: [\"*.example.com\"], deny: [a.example.com] }\n", true)]
    [InlineData("ports: [80]\n", true)]
    public async Task What_was_agreed_to_on_another_branch_counts_only_where_the_server_is_not_in_it(string branch, bool counts)
    {
        Approve(branch);
        Approve("network: { allow: [a.example.com, b.example.com] }\n");

        await RunAsync("remove", "a.example.com");

        IsApproved().ShouldBeTrue();
        Write(branch);
        IsApproved().ShouldBe(counts);
    }

    [Fact]
    public async Task What_an_older_version_kept_does_not_say_what_is_in_it_and_does_not_count()
    {
        Approve("network: { allow: [a.example.com, b.example.com] }\n");
        var file = Directory.GetFiles(paths.Approvals).ShouldHaveSingleItem();
        JsonState.Write(file, JsonState.Read<Approval>(file)! with { Items = null });
        IsApproved().ShouldBeTrue("it is still a yes");

        await RunAsync("remove", "a.example.com");

        IsApproved().ShouldBeTrue();
        Write("network: { allow: [a.example.com, b.example.com] }\n");
        IsApproved().ShouldBeFalse();
    }

    [Fact]
    public async Task A_wider_rule_that_stays_is_said_and_still_agreed_to()
    {
        Approve("network: { allow: [a.example.com, \"*.example.com\"] }\n");

        (await RunAsync("rm", "a.example.com")).Error.ShouldContain("the rule *.example.com allows it all the same");

        IsApproved().ShouldBeTrue();
    }

    [Fact]
    public async Task A_commits_server_that_nobody_agreed_to_is_taken_out_without_a_question()
    {
        Approve("network: { allow: [b.example.com] }\n");
        Write("network: { allow: [b.example.com, evil.example.org] }\n");

        (await RunAsync("remove", "evil.example.org")).Error.ShouldBeEmpty();

        IsApproved().ShouldBeTrue();
        Write("network: { allow: [b.example.com, evil.example.org] }\n");
        IsApproved().ShouldBeFalse();
    }

    [Fact]
    public async Task What_else_a_commit_asks_for_is_not_agreed_to_by_a_removal()
    {
        Approve("network: { allow: [a.example.com, b.example.com] }\n");
        Write("network: { allow: [a.example.com, b.example.com, evil.example.org] }\nports: [80]\n");

        (await RunAsync("remove", "a.example.com")).Error.ShouldContain("which nobody approved yet");

        IsApproved().ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_was_denied_is_not_reached_where_a_commit_takes_the_rule_away()
    {
        const string Before = "network:\n  allow: [\"*.example.com\"]\n";
        Approve(Before);

        (await RunAsync("deny", "telemetry.example.com")).ExitCode.ShouldBe(0);

        IsApproved().ShouldBeTrue();
        Write(Before);
        IsApproved().ShouldBeFalse("it was agreed to before the rule, and not since");
    }

    [Fact]
    public async Task Another_projects_yes_stays()
    {
        tool.Write("other/Machinefile", "network: { allow: [a.example.com] }\n");
        var other = new ProjectRoot(ProjectRoot.RealPath(Path.Combine(Path.GetDirectoryName(tool.Project)!, "other")));
        var plan = MachinePlan.From(MachinefileReader.Read(other), other);
        new ApprovalStore(paths).Approve(other, plan);
        Approve("network: { allow: [a.example.com] }\n");

        await RunAsync("remove", "a.example.com");

        new ApprovalStore(paths).IsApproved(other, plan).ShouldBeTrue();
    }

    [Fact]
    public async Task A_persons_own_rule_goes_out_of_the_persons_own_file_alone()
    {
        Approve("network: { allow: [a.example.com] }\n");
        await RunAsync("allow", "a.example.com", "--personal");
        await RunAsync("deny", "t.example.com", "--personal");

        using var removed = JsonDocument.Parse((await RunAsync("remove", "a.example.com", "--personal", "--json")).Output);

        removed.RootElement[0].GetProperty("rule").GetString().ShouldBe("a.example.com");
        removed.RootElement[0].GetProperty("from").GetString().ShouldBe("personal");
        JsonState.Read<NetworkSettings>(paths.PersonalNetwork).ShouldNotBeNull().ShouldSatisfyAllConditions(kept => kept.Allow.ShouldBeEmpty(), kept => kept.Deny.ShouldHaveSingleItem());
        Text.ShouldBe("network: { allow: [a.example.com] }\n");
        IsApproved().ShouldBeTrue();
    }

    [Theory]
    [InlineData("c.example.com", "dotnet machine network show")]
    [InlineData("api.github.com", "it comes with the preset github")]
    [InlineData("p.example.com", "--personal")]
    [InlineData("\u001b[2J", "dotnet machine network show")]
    public async Task What_is_no_rule_is_an_error_that_says_where_it_is(string rule, string says)
    {
        Approve("network: { allow: [a.example.com, github] }\n");
        await RunAsync("allow", "p.example.com", "--personal");

        var outcome = await RunAsync("remove", rule);

        outcome.ExitCode.ShouldBe(ExitCode.Failed, outcome.ToString());
        outcome.Error.ShouldContain(says);
        outcome.Error.ShouldNotContain('\u001b');
        Text.ShouldBe("network: { allow: [a.example.com, github] }\n");
    }

    [Fact]
    public async Task A_rule_in_both_lists_and_another_spelling_of_it_go_and_both_are_said()
    {
        Approve("network:\n  allow: [API.example.com, \"*.example.com\"]\n  deny: [api.example.com]\n");

        var outcome = await RunAsync("remove", "api.example.com");

        outcome.Output.ShouldContain("API.example.com is no longer allowed");
        outcome.Output.ShouldContain("api.example.com is no longer denied");
        Text.ShouldBe("network:\n  allow: [\"*.example.com\"]\n  deny: []\n");
        IsApproved().ShouldBeTrue();
    }

    private Task<ToolOutcome> RunAsync(params string[] arguments) => tool.RunAsync(["network", .. arguments]);

    private void Approve(string text)
    {
        Write(text);
        new ApprovalStore(paths).Approve(project, Plan());
    }

    private void Write(string text)
    {
        File.WriteAllText(project.Machinefile, text);
        // A file system may keep times no finer than this.
        File.SetLastWriteTimeUtc(project.Machinefile, DateTime.UtcNow.AddSeconds(Random.Shared.Next(1, 100_000)));
    }

    private bool IsApproved() => new ApprovalStore(paths).IsApproved(project, Plan());

    private MachinePlan Plan() => MachinePlan.From(MachinefileReader.Read(project), project);

    private static IEnumerable<string> Names(LiveRules rules) => rules.Current().Allow.Select(rule => rule.Text);
}
