using Machine.Tool.Guests;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;

namespace Machine.Tool.Workspaces.Lower;

/// <summary>The host's own tree over 9p, read-only because the engine was told so (docs/architecture.md: why 9p).</summary>
internal sealed class SharedLower : ILowerTree
{
    // What it uses is setup.pl's.
    public string SetupText => $$"""

        sub bring_lower {
            my $lower = '{{GuestLayout.Lower}}';
            return $lower if mounted($lower);
            mkdir $lower;
            mount_soon('{{GuestLayout.ProjectTag}}', $lower, '9p', $READ_ONLY, $p9) or fail("the project's share cannot be mounted: $!");
            return $lower;
        }

        """;

    // The guest reads through the share; what it remembers of it, exec.pl drops.
    public Task RefreshAsync(HostTree tree, IGuestWorkspace guest, CancellationToken cancel) => Task.CompletedTask;

    // 9p blocks a freeze.
    public async Task<string?> LetGoAsync(IGuestSession guest, string project, IEnumerable<string> shares, CancellationToken cancel)
    {
        var result = await guest.RunAsync($"perl {GuestLayout.Programs}/suspend.pl {string.Join(' ', shares.Prepend(project).Select(Ssh.ShellQuote))}", cancel);
        return result.ExitCode == 0 ? null : result.Error.LastLines(1).Trim();
    }
}
