using System.Diagnostics;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Tests.Machinefiles;

public sealed class GitWorktreeTests : IDisposable
{
    private readonly Scratch scratch = new();

    private readonly string repository = Directory.CreateTempSubdirectory("machine-repository-").FullName;

    public void Dispose()
    {
        scratch.Dispose();
        Directory.Delete(repository, recursive: true);
    }

    [Fact]
    public void Its_repository_is_missing_until_it_is_shared_at_its_own_path()
    {
        Git("init", "-q");
        Git("-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "-q", "--allow-empty", "-m", "one");
        var tree = Path.Combine(scratch.Project.Path, "tree");
        Git("worktree", "add", "-q", tree);
        var project = new ProjectRoot(tree);
        var git = Path.Combine(ProjectRoot.RealPath(repository), ".git");

        GitWorktree.Missing(project, scratch.Read("")).ShouldBe(git);
        GitWorktree.Missing(project, scratch.Read("") with { Shares = [new Share(git, git, Write: false)] }).ShouldBeNull();
        GitWorktree.Missing(project, scratch.Read("") with { Shares = [new Share(git, "/elsewhere", Write: false)] }).ShouldBe(git);
    }

    [Fact]
    public void An_ordinary_repository_misses_nothing()
    {
        Git("init", "-q");
        GitWorktree.Missing(new ProjectRoot(repository), scratch.Read("")).ShouldBeNull();
        GitWorktree.Missing(scratch.Project, scratch.Read("")).ShouldBeNull();
    }

    [Theory]
    [InlineData("gitdir: /nowhere\n")]
    [InlineData("gitdir:\0\n")]
    [InlineData("")]
    public void A_broken_pointer_is_gits_own_business(string pointer)
    {
        scratch.Write(".git", pointer);
        Should.NotThrow(() => GitWorktree.Missing(scratch.Project, scratch.Read("")));
    }

    private void Git(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = repository })!;
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
    }
}
