namespace Machine.Tool.Machinefiles.Network;

/// <summary>What a machine may reach by name. What is denied stays denied, whoever allows it.</summary>
internal sealed record NetworkRules(IReadOnlyList<NetworkRule> Allow, IReadOnlyList<NetworkRule> Deny)
{
    /// <summary>Nothing but the package feed.</summary>
    public static NetworkRules None { get; } = new([], []);

    /// <summary>Whatever others allow is denied.</summary>
    public static NetworkRules Nothing { get; } = None with { DeniesAll = true };

    /// <summary>Nothing is allowed, by nobody.</summary>
    public bool DeniesAll { get; init; }

    /// <summary>Repositories that a machine may use through this host.</summary>
    public IReadOnlyList<GitRule> Git { get; init; } = [];

    public IReadOnlyList<GitRule> GitDeny { get; init; } = [];

    /// <summary>With the rules of a person, who adds to those of the project.</summary>
    public NetworkRules With(NetworkRules others) => new([.. Allow, .. others.Allow], [.. Deny, .. others.Deny])
    {
        DeniesAll = DeniesAll || others.DeniesAll,
        Git = [.. Git, .. others.Git],
        GitDeny = [.. GitDeny, .. others.GitDeny],
    };

    /// <summary>What of these is still asked for, and whatever either denies.</summary>
    public NetworkRules NarrowedTo(NetworkRules asked) => new([.. Allow.Intersect(asked.Allow)], [.. Deny.Union(asked.Deny)])
    {
        Git = [.. Git.Intersect(asked.Git)],
        GitDeny = [.. GitDeny.Union(asked.GitDeny)],
    };

    public NetworkRule? Denying(HostName name, int port) =>
        // A rule without a port denies the server as a whole.
        Deny.FirstOrDefault(rule => rule.Covers(name, rule.Port ?? 443) && (rule.Port is null || rule.Port == port));

    public NetworkRule? Allowing(HostName name, int port) => DeniesAll ? null
        // The one that says most of the server: by its own name, then with a word for private networks.
        : Allow.Where(rule => rule.Covers(name, port)).OrderBy(rule => rule.Below).ThenByDescending(rule => rule.Private).FirstOrDefault();
}
