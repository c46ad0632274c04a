using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

public sealed class MachinePlanTests : IDisposable
{
    private readonly Scratch scratch = new();

    public MachinePlanTests()
    {
        Directory.CreateDirectory(scratch.At("data"));
        Directory.CreateDirectory(scratch.At("data2"));
        scratch.Write("setup.sh", "echo one\n");
    }

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("cpus: 4\nmemory: 8GiB\npackages: [git, nodejs]\ntools: { npm: [typescript] }\nenv: { A: b }\nimage: debian/13")]
    [InlineData("docker: true")]
    [InlineData("volumes: { db: { guest: /db } }\nworkspace: { outputs: [\"artifacts/**\"], changes: hold }")]
    public void What_stays_inside_needs_no_approval(string text)
    {
        var plan = Plan(text);
        plan.WidensBoundary.ShouldBeFalse();
        Store().IsApproved(scratch.Project, plan).ShouldBeTrue();
        Directory.Exists(scratch.At("state/approvals")).ShouldBeFalse();
    }

    [Fact]
    public void Everything_that_widens_is_said_in_words()
    {
        File.WriteAllText(scratch.At("base.qcow2"), "disk");
        var plan = Plan($$"""
            image: { path: ../base.qcow2, sha256: {{MachinefileKeys.SampleSha256}} }
            env: { TOKEN: , A: b }
            ports: ["8080:80"]
            shares: [{ host: ../data, guest: /data, write: true }, { host: ../data2, guest: /ro }]
            workspace: { outputs: ["<project>/bin/**", "dist/**"], changes: apply }
            provision: [setup.sh]
            """);
        plan.Widening.Select(item => item.Text).ShouldBe(
        [
            $"reads the disk {scratch.At("base.qcow2")}",
            "provision script run as root in the image build: setup.sh",
            "the host's value of the variable TOKEN is passed in",
            "port 127.0.0.1:8080 → 80 of the guest",
            $"the guest may read and write {scratch.At("data")} (share, at /data)",
            $"the guest may read {scratch.At("data2")} (share, at /ro)",
            "imported without asking: dist/**",
            "the guest's changes to source files (.cs, .razor, .md and the like) are imported without asking",
        ]);
        plan.Items.ShouldContain(item => !item.Widens && item.Text == "imported without asking: <project>/bin/**");
    }

    [Fact]
    public void A_download_widens_and_a_disk_of_the_project_does_not()
    {
        scratch.Write("base.qcow2", "disk");
        Plan($"image: {{ path: base.qcow2, sha256: {MachinefileKeys.SampleSha256} }}").WidensBoundary.ShouldBeFalse();
        Plan($"image: {{ url: \"http://10.0.0.1/base\", sha256: {MachinefileKeys.SampleSha256} }}").Widening.Single().Text.ShouldBe("this host downloads http://10.0.0.1/base");
    }

    [Theory]
    [InlineData("shares: [{ host: ../data, guest: /data }]", "shares: [{ host: ../data, guest: /data, write: true }]")]
    [InlineData("shares: [{ host: ../data, guest: /data }]", "shares: [{ host: ., guest: /data }]")]
    [InlineData("ports: [80]", "ports: [81]")]
    [InlineData("ports: [\"80:8\"]", "ports: [\"8:80\"]")]
    [InlineData("ports: [80]", "ports: [80, 81]")]
    [InlineData("env: { A: }", "env: { B: }")]
    [InlineData("workspace: { outputs: [a] }", "workspace: { outputs: [b] }")]
    [InlineData("provision: [setup.sh]", "ports: [80]\nprovision: [setup.sh]")]
    public void A_changed_request_is_asked_for_again(string approved, string changed)
    {
        var store = Store();
        store.Approve(scratch.Project, Plan(approved));
        store.IsApproved(scratch.Project, Plan(approved)).ShouldBeTrue();
        store.IsApproved(scratch.Project, Plan(changed)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("ports: [80, 81]", "ports: [81, 80]")]
    [InlineData("ports: [80]", "# a comment\ncpus: 1\nports: [\"80:80\"]\nenv: { A: b }")]
    [InlineData("provision: [setup.sh]", "provision: [./setup.sh]")]
    public void The_same_request_in_other_words_is_not(string approved, string same)
    {
        Store().Approve(scratch.Project, Plan(approved));
        Store().IsApproved(scratch.Project, Plan(same)).ShouldBeTrue();
    }

    [Fact]
    public void A_changed_script_is_asked_for_again_and_the_old_one_is_still_approved()
    {
        Store().Approve(scratch.Project, Plan("provision: [setup.sh]"));
        scratch.Write("setup.sh", "echo two\n");
        Store().IsApproved(scratch.Project, Plan("provision: [setup.sh]")).ShouldBeFalse();
        Store().Approve(scratch.Project, Plan("provision: [setup.sh]"));
        scratch.Write("setup.sh", "echo one\n");
        Store().IsApproved(scratch.Project, Plan("provision: [setup.sh]")).ShouldBeTrue();
    }

    [Fact]
    public void A_link_that_was_turned_elsewhere_is_asked_for_again()
    {
        var link = Path.Combine(scratch.Project.Path, "link");
        Directory.CreateSymbolicLink(link, scratch.At("data"));
        Store().Approve(scratch.Project, Plan("shares: [{ host: link, guest: /data }]"));
        Directory.Delete(link);
        Directory.CreateSymbolicLink(link, Directory.CreateDirectory(scratch.At("private")).FullName);
        Store().IsApproved(scratch.Project, Plan("shares: [{ host: link, guest: /data }]")).ShouldBeFalse();
    }

    [Fact]
    public void An_approval_counts_for_one_project_only()
    {
        var plan = Plan("ports: [80]");
        Store().Approve(scratch.Project, plan);
        Store().IsApproved(new ProjectRoot(scratch.At("other/project")), plan).ShouldBeFalse();
    }

    [Fact]
    public void A_copied_or_damaged_approval_is_no_yes()
    {
        var (approved, other) = (Plan("ports: [80]"), Plan("ports: [81]"));
        Store().Approve(scratch.Project, approved);
        var file = Directory.GetFiles(scratch.At("state/approvals")).Single();
        Store().Approve(scratch.Project, other);
        var second = Directory.GetFiles(scratch.At("state/approvals")).Single(path => path != file);

        File.Copy(file, second, overwrite: true);
        Store().IsApproved(scratch.Project, other).ShouldBeFalse();
        File.WriteAllText(file, "{");
        Store().IsApproved(scratch.Project, approved).ShouldBeFalse();
    }

    [Fact]
    public void The_approval_keeps_what_was_shown_in_a_folder_of_this_user_alone()
    {
        Store().Approve(scratch.Project, Plan("ports: [80]"));
        File.ReadAllText(Directory.GetFiles(scratch.At("state/approvals")).Single()).ShouldContain("port 127.0.0.1:80");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(scratch.At("state/approvals")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void A_secret_is_asked_for_in_words()
    {
        var plan = MachinePlan.From(scratch.Read("""
            secrets:
              STRIPE: { from: env, to: api.stripe.example }
              CORP: { from: { command: [pass, show, corp/api] }, to: "corp.example:8443", private: true }
              MODEL: { from: { file: ../token }, to: api.model.example, api: anthropic, tokens: 2000000 }
              GIT: { from: git-credential, to: git.example }
            """), scratch.Project);

        plan.Widening.Select(item => item.Text).ShouldBe(
        [
            "requests of the guest to https://api.stripe.example carry the secret STRIPE in the header Authorization; it is this host's variable STRIPE",
            "requests of the guest to https://corp.example:8443 carry the secret CORP in the header Authorization, also in a private network; it is what this host's program prints: \"pass\" \"show\" \"corp/api\"",
            $"requests of the guest to https://api.model.example carry the secret MODEL in the header x-api-key (the API of Anthropic, at most 2,000,000 tokens a day); it is in the file of this host \"{ProjectRoot.RealPath(Path.Combine(scratch.Project.Path, "../token"))}\"",
            "requests of the guest to https://git.example carry the secret GIT in the header Authorization; it is the password that your git has for git.example",
        ]);
    }

    [Fact]
    public void A_folders_name_cannot_forge_a_line()
    {
        Directory.CreateDirectory(scratch.At("x\u001b[2K\ny"));
        Directory.CreateSymbolicLink(Path.Combine(scratch.Project.Path, "link"), scratch.At("x\u001b[2K\ny"));
        var text = Plan("shares: [{ host: link, guest: /data }]").Widening.Single().Text;
        text.ShouldAllBe(c => !char.IsControl(c));
        text.ShouldContain("x\\u{1b}[2K\\u{a}y");
    }

    private MachinePlan Plan(string text) => MachinePlan.From(scratch.Read(text), scratch.Project, scratch.Host);

    private ApprovalStore Store() => new(scratch.At("state/approvals"));
}
