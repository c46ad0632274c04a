using Machine.Tool.Machinefiles;
using Machine.Tool.Tests.Workspaces;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Lower;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>
/// The project lets every change come unasked, and root of the guest names what it changed. The canary lies beside the project, and in its
/// <c>.git</c>.
/// </summary>
public sealed class ClimbingAttacks : IDisposable
{
    private const string Untouched = "untouched";

    private readonly TestFolder folder = new();
    private readonly LyingGuest guest = new();

    public ClimbingAttacks()
    {
        foreach (var canary in Canaries)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(canary)!);
            File.WriteAllText(canary, Untouched);
        }
    }

    private string Project => Path.Combine(folder.Path, "project");

    private string[] Canaries => [Path.Combine(folder.Path, "outside/secret"), Path.Combine(Project, ".git/config"), Path.Combine(Project, ".git/hooks/pre-commit")];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("../outside/secret")]
    [InlineData("./../outside/secret")]
    [InlineData("bin/../../outside/secret")]
    [InlineData("bin/x/../../../outside/secret")]
    [InlineData("..\\outside\\secret")]
    [InlineData(".git/config")]
    [InlineData(".git/hooks/pre-commit")]
    [InlineData(".GIT/config")]
    [InlineData(".git./config")]
    [InlineData(".git /config")]
    [InlineData(".g\u200cit/config")]
    [InlineData("bin/.git/config")]
    [InlineData("git~1/config")]
    [InlineData(".git::$INDEX_ALLOCATION/config")]
    public async Task No_name_leads_out_of_the_project_or_into_its_repository(string path)
    {
        guest.Says(path).Says("bin/good.txt");

        await CollectAsync();

        Canaries.ShouldAllBe(canary => File.ReadAllText(canary) == Untouched);
        Directory.GetFileSystemEntries(Path.Combine(folder.Path, "outside")).Length.ShouldBe(1);
        Directory.EnumerateFiles(Project, "*", SearchOption.AllDirectories).Where(file => File.ReadAllText(file) == "xxx" && Path.GetFileName(file) != "good.txt").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("linked/secret", 'f', "")]
    [InlineData("linked/new", 'f', "")]
    [InlineData("linked/deep/new", 'f', "")]
    [InlineData("linked/secret", 'w', "")]
    [InlineData("linked/link", 'l', "secret")]
    public async Task A_link_that_the_host_has_is_not_gone_through(string path, char type, string link)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a link needs a right there");
        Directory.CreateSymbolicLink(Path.Combine(Project, "linked"), Path.Combine(folder.Path, "outside"));
        guest.Says(path, type, link: link);

        await CollectAsync();

        Directory.GetFileSystemEntries(Path.Combine(folder.Path, "outside")).ShouldBe([Canaries[0]]);
        File.ReadAllText(Canaries[0]).ShouldBe(Untouched);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../outside/secret")]
    [InlineData("x/../../../outside/secret")]
    [InlineData("../.git/config")]
    [InlineData("../src/../.git")]
    [InlineData("../..")]
    public async Task A_link_of_the_guest_leads_nowhere_that_is_not_the_projects(string target)
    {
        guest.Says("bin/link", 'l', link: target).Says("bin/link/x");

        await CollectAsync();

        new FileInfo(Path.Combine(Project, "bin/link")).LinkTarget.ShouldBeNull();
        Canaries.ShouldAllBe(canary => File.ReadAllText(canary) == Untouched);
    }

    private async Task CollectAsync()
    {
        var workspace = new Workspace(Project, folder["state"], new WorkspaceSettings(["**/bin/**"], ChangesMode.Apply), guest, new SharedLower());
        var cancel = TestContext.Current.CancellationToken;
        await workspace.CollectAsync(await workspace.PrepareAsync(cancel), cancel);
    }
}
