namespace Machine.Tool.Machinefiles.Network;

/// <summary>What a machine may reach by name. What is denied stays denied, whoever allows it.</summary>
internal sealed record NetworkRules(IReadOnlyList<NetworkRule> Allow, IReadOnlyList<NetworkRule> Deny)
{
    /// <summary>No server, no repository, and no service but NuGet's feed.</summary>
    public static NetworkRules None { get; } = new([], []);

    /// <summary>Whatever others allow is denied.</summary>
    public static NetworkRules Nothing { get; } = None with { DeniesAll = true };

    /// <summary>What this host serves to the machine besides NuGet's packages (<see cref="NetworkPresets.Services"/>).</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    public IReadOnlyList<string> DeniedServices { get; init; } = [];

    /// <summary>Nothing is allowed, by nobody.</summary>
    public bool DeniesAll { get; init; }

    /// <summary>Repositories that a machine may use through this host.</summary>
    public IReadOnlyList<GitRule> Git { get; init; } = [];

    public IReadOnlyList<GitRule> GitDeny { get; init; } = [];

    /// <summary>With the rules of a person, who adds to those of the project.</summary>
    public NetworkRules With(NetworkRules others) => new([.. Allow, .. others.Allow], [.. Deny, .. others.Deny])
    {
        Services = [.. Services, .. others.Services],
        DeniedServices = [.. DeniedServices, .. others.DeniedServices],
        DeniesAll = DeniesAll || others.DeniesAll,
        Git = [.. Git, .. others.Git],
        GitDeny = [.. GitDeny, .. others.GitDeny],
    };

    /// <summary>What of these is still asked for, and whatever either denies.</summary>
    public NetworkRules NarrowedTo(NetworkRules asked) => new([.. Allow.Intersect(asked.Allow)], [.. Deny.Union(asked.Deny)])
    {
        Services = [.. Services.Intersect(asked.Services)],
        DeniedServices = [.. DeniedServices.Union(asked.DeniedServices)],
        DeniesAll = DeniesAll || asked.DeniesAll,
        Git = [.. Git.Intersect(asked.Git)],
        GitDeny = [.. GitDeny.Union(asked.GitDeny)],
    };

    /// <summary>Each rule as it is written.</summary>
    public IEnumerable<NetworkEntry> Entries(bool allows) =>
    [
        .. (allows ? Allow : Deny).Select(rule => new NetworkEntry(rule.Text, rule.Private)),
        .. (allows ? Git : GitDeny).Select(rule => new NetworkEntry(rule.Text, rule.Private)),
        .. (allows ? Services : DeniedServices).Select(service => new NetworkEntry(service)),
    ];

    /// <summary>Why a service of this host is not for the machine, for whoever asked inside; null where it is.</summary>
    public string? Refuses(string service) =>
        DeniesAll || DeniedServices.Contains(service) ? $"machine: {service} is denied by a rule (dotnet machine network show)"
        : Services.Contains(service) ? null
        : $"machine: {service} is not among what this project's machine may reach; on the host: dotnet machine network allow {service}";

    public NetworkRule? Denying(HostName name, int port) =>
        // A rule without a port denies the server as a whole.
        Deny.FirstOrDefault(rule => rule.Covers(name, rule.Port ?? 443) && (rule.Port is null || rule.Port == port));

    public NetworkRule? Allowing(HostName name, int port) => DeniesAll ? null
        // The one that says most of the server: by its own name, then with a word for private networks.
        : Allow.Where(rule => rule.Covers(name, port)).OrderBy(rule => rule.Below).ThenByDescending(rule => rule.Private).FirstOrDefault();
}
