using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Machinefiles;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Lower;

namespace Machine.Tool.Tests.Workspaces.Lower;

public sealed class SharedLowerTests : IDisposable
{
    private readonly Scratch scratch = new();
    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        scratch.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_guests_setup_is_one_program_with_it()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/perl"), "needs perl");
        var setup = Path.Combine(folder.Path, "setup.pl");
        await File.WriteAllTextAsync(setup, GuestSetup.Work(scratch.Project, scratch.Read(""), HostUser.Current, [], DateTimeOffset.UtcNow, new SharedLower()), Cancel);

        // It fails where perl finds a name that the program lacks.
        await HostProgram.RunAsync("/usr/bin/perl", ["-Mstrict", "-Mwarnings", "-c", setup], Cancel);
    }

    [Fact]
    public async Task A_workspace_refreshes_it_before_a_command()
    {
        var lower = new CountedLower();
        var workspace = new Workspace(scratch.Project.Path, folder["state"], new WorkspaceSettings([], ChangesMode.Hold), new LyingGuest(), lower);

        await workspace.PrepareAsync(Cancel);

        lower.Refreshed.ShouldBe([scratch.Project.Path]);
    }

    private sealed class CountedLower : ILowerTree
    {
        public List<string> Refreshed { get; } = [];

        public string SetupText => "";

        public Task RefreshAsync(HostTree tree, IGuestWorkspace guest, CancellationToken cancel)
        {
            Refreshed.Add(tree.Root);
            return Task.CompletedTask;
        }

        public Task<string?> LetGoAsync(IGuestSession guest, string project, IEnumerable<string> shares, CancellationToken cancel) => Task.FromResult<string?>(null);
    }
}
