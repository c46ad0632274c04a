using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A Machinefile that changes while its machine runs: what it takes away is gone at once, what it adds waits for a person.</summary>
public sealed class LiveRuleAttacks : IDisposable
{
    private readonly TestFolder home = new();
    private readonly TestFolder folder = new();
    private readonly MachinePaths paths;
    private readonly ProjectMachine machine;

    public LiveRuleAttacks()
    {
        paths = MachinePaths.At(home.Path);
        machine = new ProjectMachine(paths, new ProjectRoot(folder.Path)).Create();
    }

    private string Machinefile => Path.Combine(folder.Path, "Machinefile");

    public void Dispose()
    {
        Directory.Delete(paths.Runtime, recursive: true);
        home.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_server_that_a_commit_adds_waits_for_a_yes_and_one_that_it_takes_away_does_not()
    {
        var rules = Approved("network: { allow: [a.example.com, b.example.com] }\n");
        Names(rules).ShouldBe(["a.example.com", "b.example.com"]);

        Write("network: { allow: [b.example.com, evil.example.com] }\n");

        Names(rules).ShouldBe(["b.example.com"]);
        Approve();
        Names(rules).ShouldBe(["b.example.com", "evil.example.com"]);
    }

    [Fact]
    public void A_server_that_was_left_out_is_not_let_in_by_a_commit()
    {
        var rules = Approved("network: { allow: [\"*.example.com\"], deny: [telemetry.example.com] }\n");

        Write("network: { allow: [\"*.example.com\"] }\n");

        rules.Current().Denying(HostName.TryParse("telemetry.example.com", out _)!, 443).ShouldNotBeNull();
        new ApprovalStore(paths).IsApproved(machine.Project, Plan()).ShouldBeFalse();
    }

    [Fact]
    public void A_service_of_this_host_that_a_commit_adds_waits_for_a_yes_and_one_that_it_takes_away_does_not()
    {
        var rules = Approved("network: { allow: [a.example.com] }\n");

        Write("network: { allow: [a.example.com, npm] }\n");
        rules.Current().Refuses("npm").ShouldNotBeNull();
        Approve();
        rules.Current().Refuses("npm").ShouldBeNull();
        Write("network: { allow: [a.example.com] }\n");
        rules.Current().Refuses("npm").ShouldNotBeNull();
    }

    [Fact]
    public void A_secret_that_a_commit_sends_elsewhere_goes_nowhere_before_a_yes()
    {
        var rules = Approved("secrets: { KEY: { from: env, to: api.example.com }, OTHER: { from: env, to: api.example.com } }\n");
        rules.Secrets().Count.ShouldBe(2);

        Write("secrets: { KEY: { from: env, to: evil.example.com }, OTHER: { from: env, to: api.example.com }, MORE: { from: { command: [pass, show, all] }, to: evil.example.com } }\n");

        rules.Secrets().Select(secret => secret.Name).ShouldBe(["OTHER"]);
        Write("secrets: { KEY: { from: env, to: api.example.com } }\n");
        rules.Secrets().ShouldBeEmpty("what was over stays so until somebody looks");
        Approve();
        rules.Secrets().ShouldHaveSingleItem().Server.Text.ShouldBe("api.example.com");
    }

    [Fact]
    public void A_service_that_was_denied_is_not_let_in_by_a_commit()
    {
        var rules = Approved("network: { allow: [npm], deny: [npm] }\n");

        Write("network: { allow: [npm] }\n");

        rules.Current().Refuses("npm").ShouldNotBeNull();
        new ApprovalStore(paths).IsApproved(machine.Project, Plan()).ShouldBeFalse();
    }

    [Fact]
    public void A_repository_or_a_push_that_a_commit_adds_waits_for_a_yes_and_one_that_it_takes_away_does_not()
    {
        var rules = Approved("network: { allow: [\"git:git.example.com/acme/*\", \"git:git.example.com/b/b\"], deny: [\"git:git.example.com/acme/secret\"] }\n");

        Write("network: { allow: [\"git:git.example.com/acme/*\", \"git+push:git.example.com/acme/*\", \"git:git.example.com/other/*\"] }\n");

        rules.Current().Git.Select(rule => rule.Text).ShouldBe(["git:git.example.com/acme/*"]);
        rules.Current().GitDeny.Select(rule => rule.Text).ShouldBe(["git:git.example.com/acme/secret"]);
        new ApprovalStore(paths).IsApproved(machine.Project, Plan()).ShouldBeFalse();
        Approve();
        rules.Current().Git.Count.ShouldBe(3);
        rules.Current().GitDeny.ShouldBeEmpty();
    }

    [Fact]
    public void One_that_cannot_be_read_adds_nothing()
    {
        var rules = Approved("network: { allow: [a.example.com] }\n");

        Write("network: { allow: [a.example.com, evil.example.com\n");

        Names(rules).ShouldBe(["a.example.com"]);
    }

    [Fact]
    public void What_lies_behind_a_link_counts_as_it_is_now()
    {
        var target = Path.Combine(folder.Path, "machine.yaml");
        File.WriteAllText(target, "network: { allow: [a.example.com] }\n");
        File.CreateSymbolicLink(Machinefile, target);
        Approve();
        var rules = new LiveRules(machine, paths, NetworkRules.None);
        Names(rules).ShouldBe(["a.example.com"]);

        File.WriteAllText(target, "network: { allow: [] }\n");

        Names(rules).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"allow\":null,\"deny\":null}")]
    [InlineData("{\"allow\":[{\"rule\":\"*.com\"}],\"deny\":[]}")]
    [InlineData("{\"allow\":[],\"deny\":[{\"rule\":\"git:nowhere\"}]}")]
    public void A_users_own_rules_that_cannot_be_read_allow_nothing_at_all(string text)
    {
        var rules = Approved("network: { allow: [a.example.com] }\n");
        File.WriteAllText(paths.PersonalNetwork, text);

        rules.Current().Allowing(HostName.TryParse("a.example.com", out _)!, 443).ShouldBeNull();
    }

    [Fact]
    public void A_link_that_lies_where_an_edited_Machinefile_is_written_first_is_not_followed()
    {
        Write("cpus: 1\n");
        var canary = Path.Combine(home.Path, "canary");
        File.WriteAllText(canary, "the user's\n");
        File.CreateSymbolicLink($"{Machinefile}.tmp", canary);
        File.CreateSymbolicLink($"{Machinefile}.{Environment.ProcessId}.tmp", canary);

        MachinefileEdit.Replace(Machinefile, "cpus: 1\n", "cpus: 1\nnetwork: {}\n");

        File.ReadAllText(canary).ShouldBe("the user's\n");
        File.ReadAllText(Machinefile).ShouldBe("cpus: 1\nnetwork: {}\n");
    }

    [Fact]
    public void What_changed_since_it_was_read_is_not_overwritten()
    {
        Write("cpus: 2\n");

        Should.Throw<MachineException>(() => MachinefileEdit.Replace(Machinefile, "cpus: 1\n", "cpus: 1\nnetwork: {}\n")).Message.ShouldContain("changed meanwhile");

        File.ReadAllText(Machinefile).ShouldBe("cpus: 2\n");
        Directory.GetFiles(folder.Path).ShouldHaveSingleItem();
    }

    [Fact]
    public void A_users_own_rules_add_and_deny()
    {
        var rules = Approved("network: { allow: [a.example.com] }\n");
        JsonState.Write(paths.PersonalNetwork, new NetworkSettings([new NetworkEntry("c.example.com")], [new NetworkEntry("a.example.com")]));

        Names(rules).ShouldBe(["a.example.com", "c.example.com"]);
        rules.Current().Denying(HostName.TryParse("a.example.com", out _)!, 443).ShouldNotBeNull();
    }

    private LiveRules Approved(string text)
    {
        Write(text);
        Approve();
        return new LiveRules(machine, paths, MachinefileReader.Read(machine.Project).Network.ToRules());
    }

    private void Write(string text)
    {
        File.WriteAllText(Machinefile, text);
        // A file system may keep times no finer than this.
        File.SetLastWriteTimeUtc(Machinefile, DateTime.UtcNow.AddSeconds(Random.Shared.Next(1, 100_000)));
    }

    private MachinePlan Plan() => MachinePlan.From(MachinefileReader.Read(machine.Project), machine.Project);

    private void Approve() => new ApprovalStore(paths).Approve(machine.Project, Plan());

    private static IEnumerable<string> Names(LiveRules rules) => rules.Current().Allow.Select(rule => rule.Text);
}
