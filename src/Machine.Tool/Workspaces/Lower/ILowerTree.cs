using Machine.Tool.Guests;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;

namespace Machine.Tool.Workspaces.Lower;

/// <summary>How the project's files come into the guest, below what it writes (<see cref="GuestLayout.Lower"/>).</summary>
internal interface ILowerTree
{
    /// <summary>For the guest's setup: a sub <c>bring_lower</c>, which may run again where the tree is there.</summary>
    string SetupText { get; }

    /// <summary>Before a command: the guest is to see what the host has now.</summary>
    Task RefreshAsync(HostTree tree, IGuestWorkspace guest, CancellationToken cancel);

    /// <summary>Before a freeze: the guest is to hold nothing of the host's.</summary>
    /// <param name="project">Where the workspace is mounted.</param>
    /// <param name="shares">Where the Machinefile's shares are mounted.</param>
    /// <returns>Why it does not let go; null when it did.</returns>
    Task<string?> LetGoAsync(IGuestSession guest, string project, IEnumerable<string> shares, CancellationToken cancel);
}
