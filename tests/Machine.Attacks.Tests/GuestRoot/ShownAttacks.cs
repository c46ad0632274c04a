using System.Security.Cryptography;
using System.Text;
using Machine.Tool.Machinefiles;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Shown;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>What is applied is what was shown: the guest still runs while a person looks, and answers every question anew.</summary>
public sealed class ShownAttacks : IDisposable
{
    private const string Workflow = ".github/workflows/ci.yml";
    private readonly AttackedProject project = new();
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public void Dispose() => project.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_is_applied_is_what_was_shown_however_often_the_guest_told_the_truth(int honest)
    {
        var reads = -1;
        project.Claims(Workflow, () => reads++ < honest ? "good!\n" : "EVIL!\n");
        var workspace = project.Open();
        var shown = await workspace.ShowAsync(Workflow, cancel);
        shown.Diff.ShouldContain("+good!");
        for (var again = 1; again < honest; again++)
        {
            (await workspace.ShowAsync(Workflow, cancel)).Hash.ShouldBe(shown.Hash);
        }

        var report = await workspace.ApplyShownAsync([shown], overwrite: false, cancel);

        report.Imported.ShouldBe(0);
        report.Refused.ShouldHaveSingleItem().Reason.ShouldBe("it was written again since it was shown; nothing of it was applied");
        project.Read(Workflow).ShouldBeNull();
    }

    [Fact]
    public async Task What_was_shown_is_applied_and_its_hash_is_what_was_written()
    {
        project.Claims(Workflow, "good!\n");
        var workspace = project.Open();

        var report = await workspace.ApplyShownAsync([await workspace.ShowAsync(Workflow, cancel)], overwrite: false, cancel);

        project.Read(Workflow).ShouldBe("good!\n");
        report.Applied.ShouldHaveSingleItem().Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("good!\n"))));
    }

    [Fact]
    public async Task A_yes_to_bytes_is_none_to_the_execute_bit()
    {
        project.Claims("run.sh", "echo\n");
        var shown = await project.Open().ShowAsync("run.sh", cancel);
        project.SaysAnew().Claims("run.sh", "echo\n", mode: "755");

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Imported.ShouldBe(0);

        project.Read("run.sh").ShouldBeNull();
    }

    [Fact]
    public async Task A_yes_to_a_file_is_none_to_a_link_that_says_the_same()
    {
        project.Write("secret.txt", "the host's");
        project.Claims("notes.md", "link to secret.txt\n");
        var shown = await project.Open().ShowAsync("notes.md", cancel);
        project.SaysAnew().Guest.Says("notes.md", 'l', link: "secret.txt");

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Imported.ShouldBe(0);

        Path.Exists(project.At("notes.md")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_yes_to_a_link_is_none_to_another_target()
    {
        project.Guest.Says("current", 'l', link: "v1");
        var shown = await project.Open().ShowAsync("current", cancel);
        project.SaysAnew().Guest.Says("current", 'l', link: "v2");

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Imported.ShouldBe(0);

        new FileInfo(project.At("current")).LinkTarget.ShouldBeNull();
    }

    [Fact]
    public async Task A_yes_to_a_change_is_none_to_a_deletion()
    {
        project.Write("src/a.cs", "the host's");
        project.Claims("src/a.cs", "better");
        var shown = await project.Open().ShowAsync("src/a.cs", cancel);
        project.SaysAnew().Guest.Says("src/a.cs", 'w', size: 0);

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Deleted.ShouldBe(0);

        project.Read("src/a.cs").ShouldBe("the host's");
    }

    [Fact]
    public async Task A_yes_to_a_deletion_is_none_to_a_change()
    {
        project.Write("src/a.cs", "the host's");
        project.Guest.Says("src/a.cs", 'w', size: 0);
        var shown = await project.Open().ShowAsync("src/a.cs", cancel);
        project.SaysAnew().Claims("src/a.cs", "EVIL");

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Imported.ShouldBe(0);

        project.Read("src/a.cs").ShouldBe("the host's");
    }

    [Fact]
    public async Task A_yes_holds_for_the_hosts_file_that_it_was_shown_against()
    {
        project.Write("src/a.cs", "one");
        project.Claims("src/a.cs", "two");
        var shown = await project.Open().ShowAsync("src/a.cs", cancel);
        project.Write("src/a.cs", "ten");

        // --overwrite speaks of conflicts, not of what nobody saw.
        (await project.Open().ApplyShownAsync([shown], overwrite: true, cancel)).Imported.ShouldBe(0);

        project.Read("src/a.cs").ShouldBe("ten");
    }

    [Fact]
    public async Task A_yes_to_one_change_applies_that_one_alone()
    {
        project.Claims("README.md", "hello");
        var report = await project.CommandAsync();
        var workspace = project.Open();
        var shown = await workspace.BindAsync(report.Held, mayBeGuarded: false, cancel);
        shown.ShouldHaveSingleItem().Change.Path.ShouldBe("README.md");
        project.Claims("src/Backdoor.cs", "EVIL").Claims("src/More.md", "EVIL");

        (await workspace.ApplyShownAsync(shown, overwrite: false, cancel)).Imported.ShouldBe(1);

        project.Read("README.md").ShouldBe("hello");
        project.Read("src/Backdoor.cs").ShouldBeNull();
        project.Read("src/More.md").ShouldBeNull();
    }

    [Fact]
    public async Task A_yes_to_the_question_after_a_command_is_to_the_bytes_of_that_moment()
    {
        var content = "hello";
        project.Claims("README.md", () => content);
        var report = await project.CommandAsync();
        var shown = await project.Open().BindAsync(report.Held, mayBeGuarded: false, cancel);
        content = "EVIL!";

        (await project.Open().ApplyShownAsync(shown, overwrite: false, cancel)).Imported.ShouldBe(0);

        project.Read("README.md").ShouldBeNull();
    }

    [Fact]
    public async Task What_became_guarded_since_it_was_told_is_not_in_the_question()
    {
        project.Claims("tool", "echo");
        var report = await project.CommandAsync();
        project.SaysAnew().Claims("tool", "echo", mode: "755");

        (await project.Open().BindAsync(report.Held, mayBeGuarded: false, cancel)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_became_guarded_since_its_name_was_typed_is_not_applied_unshown()
    {
        project.Claims("tool", "echo");
        await project.CommandAsync();
        var workspace = project.Open();
        // Not guarded: nobody needs to be asked.
        var agreed = await Agreed.AskAsync(workspace, await workspace.ListAsync(cancel), ["tool"], new Answer(false), cancel);
        agreed.Paths.ShouldBe(["tool"]);
        project.SaysAnew().Claims("tool", "#!/bin/sh\nevil", mode: "755");

        var report = await project.Open().ApplyAsync(agreed.Paths, overwrite: false, cancel, agreed.Holds);

        report.Imported.ShouldBe(0);
        project.Read("tool").ShouldBeNull();
    }

    [Fact]
    public async Task Nor_a_file_of_the_hosts_own_that_came_into_the_folder_since()
    {
        project.Write("bin/run", "the host's", executable: true);
        project.Write("bin/data", "the host's");
        project.Claims("bin/data", "another");
        await project.CommandAsync();
        var workspace = project.Open();
        var agreed = await Agreed.AskAsync(workspace, await workspace.ListAsync(cancel), ["bin"], new Answer(false), cancel);
        agreed.Paths.ShouldBe(["bin"]);
        project.SaysAnew().Claims("bin/data", "another").Claims("bin/run", "EVIL", mode: "755");

        await project.Open().ApplyAsync(agreed.Paths, overwrite: true, cancel, agreed.Holds);

        project.Read("bin/run").ShouldBe("the host's");
        project.Read("bin/data").ShouldBe("another");
    }

    [Fact]
    public async Task One_that_was_written_again_does_not_come_with_those_that_were_not()
    {
        var evil = "fine";
        project.Claims("a.md", "good").Claims("b.md", () => evil);
        var report = await project.CommandAsync();
        var shown = await project.Open().BindAsync(report.Held, mayBeGuarded: false, cancel);
        evil = "EVIL";

        var applied = await project.Open().ApplyShownAsync(shown, overwrite: false, cancel);

        applied.Imported.ShouldBe(1);
        project.Read("a.md").ShouldBe("good");
        project.Read("b.md").ShouldBeNull();
    }

    [Fact]
    public async Task A_guest_that_sends_half_when_it_counts_changes_nothing()
    {
        project.Write("src/a.cs", "the host's");
        project.Claims("src/a.cs", "better");
        var shown = await project.Open().ShowAsync("src/a.cs", cancel);
        project.Guest.Pack = requests =>
        {
            var answer = new MemoryStream([.. requests[0].Path, 0, 0, 0, 0, 3, (byte)'b', (byte)'e', (byte)'t', 0, 0, 0, 0, (byte)'k']);
            return answer;
        };

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Imported.ShouldBe(0);

        project.Read("src/a.cs").ShouldBe("the host's");
        Directory.GetFiles(project.At("src")).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_hash_that_an_agent_looked_at_brings_nothing_else()
    {
        var content = "good";
        project.Claims("src/a.cs", () => content);
        var hash = (await project.Open().ShowAsync("src/a.cs", cancel)).Hash;
        content = "EVIL";

        (await project.Open().ApplyAsync(["src/a.cs"], overwrite: false, cancel, (_, one) => one == hash)).Imported.ShouldBe(0);
        content = "good";
        (await project.Open().ApplyAsync(["src/a.cs"], overwrite: false, cancel, (_, one) => one == hash)).Imported.ShouldBe(1);

        project.Read("src/a.cs").ShouldBe("good");
    }

    [Fact]
    public async Task A_host_that_edits_while_the_guest_dawdles_keeps_its_edit()
    {
        project.Write("src/a.cs", "one");
        project.Claims("src/a.cs", "two");
        project.WhileItSends = () => project.Write("src/a.cs", "edited while it was sent");

        var report = await project.CommandAsync(ChangesMode.Apply);

        report.Imported.ShouldBe(0);
        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain("changed meanwhile");
        project.Read("src/a.cs").ShouldBe("edited while it was sent");
    }

    [Fact]
    public async Task A_program_that_the_host_makes_while_the_guest_dawdles_is_not_replaced()
    {
        project.Claims("bin/deploy.sh", "EVIL", mode: "755");
        project.WhileItSends = () => project.Write("bin/deploy.sh", "the host's own", executable: true);

        (await project.CommandAsync()).Imported.ShouldBe(0);

        project.Read("bin/deploy.sh").ShouldBe("the host's own");
    }

    [Fact]
    public async Task The_deletion_of_a_folder_takes_what_was_seen_and_leaves_what_came_since()
    {
        project.Write("docs/old.md", "seen");
        project.Write("docs/older.md", "seen");
        project.Write("docs/sub/oldest.md", "seen");
        project.Guest.Says("docs", 'w', size: 0);
        var tree = new InterruptedTree(project.Path);
        var edited = "";
        tree.BeforeDeletion = path =>
        {
            project.Write("docs/new.md", "written while it was asked");
            project.Write(edited = path == "docs/old.md" ? "docs/older.md" : "docs/old.md", "edited while it was asked");
        };

        var report = await project.Open(tree: _ => tree.Tree).ApplyAsync(["docs"], overwrite: false, cancel);

        report.Refused.ShouldHaveSingleItem().Reason!.ShouldContain("these stay");
        project.Read("docs/new.md").ShouldBe("written while it was asked");
        project.Read(edited).ShouldBe("edited while it was asked");
        Directory.GetFiles(project.At("docs")).Length.ShouldBe(2);
        Directory.Exists(project.At("docs/sub")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_yes_to_a_folders_deletion_is_to_what_was_in_it()
    {
        project.Write("docs/old.md", "seen");
        project.Guest.Says("docs", 'w', size: 0);
        var shown = await project.Open().ShowAsync("docs", cancel);
        shown.Diff.ShouldContain("- docs/old.md");
        project.Write("docs/new.md", "written since");

        (await project.Open().ApplyShownAsync([shown], overwrite: false, cancel)).Deleted.ShouldBe(0);

        project.Read("docs/old.md").ShouldBe("seen");
        project.Read("docs/new.md").ShouldBe("written since");
    }

    [Fact]
    public async Task A_guarded_file_that_was_named_waits_where_the_answer_is_no()
    {
        project.Claims(Workflow, "evil");
        await project.CommandAsync();

        (await ApplyAsync([Workflow], new Answer(false))).ShouldBe(ApplyOutcome.NotAgreed);
        project.Read(Workflow).ShouldBeNull();

        (await ApplyAsync([Workflow], new Answer(true))).Whole.ShouldBeTrue();
        project.Read(Workflow).ShouldBe("evil");
    }

    [Fact]
    public async Task Outputs_do_not_replace_the_hosts_own_where_the_answer_is_no()
    {
        project.Write("bin/run", "the host's", executable: true);
        project.Claims("bin/run", "EVIL", mode: "755");
        await project.CommandAsync();

        (await ApplyAsync(["bin"], new Answer(false), overwrite: true)).ShouldBe(ApplyOutcome.NotAgreed);

        project.Read("bin/run").ShouldBe("the host's");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_guarded_file_that_nobody_named_is_not_in_an_apply_of_all(bool given)
    {
        project.Claims(Workflow, "evil").Claims("README.md", "hello");
        await project.CommandAsync();
        var answer = new Answer(true);

        var outcome = await ApplyAsync([], given ? GivenReview.Instance : answer);

        answer.Asked.ShouldBe(0);
        outcome.Report.ShouldNotBeNull().Imported.ShouldBe(1);
        project.Read("README.md").ShouldBe("hello");
        project.Read(Workflow).ShouldBeNull();
    }

    [Fact]
    public async Task Another_content_than_that_of_the_hash_is_not_applied_though_it_is_named()
    {
        project.Claims(Workflow, "good");
        await project.CommandAsync();
        var hash = (await project.Open().ShowAsync(Workflow, cancel)).Hash.ToUpperInvariant();
        var answer = new Answer(true);
        project.SaysAnew().Claims(Workflow, "EVIL");

        (await ApplyAsync([Workflow], answer, hash: hash)).Whole.ShouldBeFalse();
        project.Read(Workflow).ShouldBeNull();

        project.SaysAnew().Claims(Workflow, "good");
        (await ApplyAsync([Workflow], answer, hash: hash)).Whole.ShouldBeTrue();
        project.Read(Workflow).ShouldBe("good");
        answer.Asked.ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [InlineData(null)]
    public async Task Nothing_is_forgotten_without_a_yes(bool? isYes)
    {
        project.Claims("README.md", "hello");
        await project.CommandAsync();

        var gone = await DiscardChanges.RunAsync(project.Open(), [], new Answer(isYes), cancel);

        (gone is null).ShouldBe(isYes != true);
        project.Guest.Dropped.ShouldBe(isYes == true ? ["README.md"] : []);
    }

    private Task<ApplyOutcome> ApplyAsync(string[] paths, IReview review, bool overwrite = false, string? hash = null) =>
        ApplyChanges.RunAsync(project.Open(), new ApplyOrder(paths, overwrite, hash is null ? [] : [hash]), review, cancel);

    private sealed class Answer(bool? isYes) : IReview, IConsent
    {
        public int Asked { get; private set; }

        public bool Agrees(ShownChange one) => Ask("", "") == true;

        public bool AgreesToReplace(IReadOnlyList<ShownChange> files) => Ask("", "") == true;

        public bool? Ask(string shown, string question)
        {
            Asked++;
            return isYes;
        }
    }
}
