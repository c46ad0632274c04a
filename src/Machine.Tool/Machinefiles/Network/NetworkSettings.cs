namespace Machine.Tool.Machinefiles.Network;

/// <summary>The <c>network</c> of a Machinefile, or what a person allows and denies for all projects. Each entry can be parsed.</summary>
internal sealed record NetworkSettings(IReadOnlyList<NetworkEntry> Allow, IReadOnlyList<NetworkEntry> Deny)
{
    public static NetworkSettings None { get; } = new([], []);

    public NetworkRules ToRules() => new([.. Allow.SelectMany(RulesOf)], [.. Deny.SelectMany(RulesOf)])
    {
        Services = [.. ServicesOf(Allow)],
        DeniedServices = [.. ServicesOf(Deny)],
        Git = [.. Allow.SelectMany(GitRulesOf)],
        GitDeny = [.. Deny.SelectMany(GitRulesOf)],
    };

    /// <summary>A preset is several rules; one of repositories, or for a service of this host, is none of them.</summary>
    public static IEnumerable<NetworkRule> RulesOf(NetworkEntry entry) =>
        GitRule.IsOne(entry.Rule) || NetworkPresets.IsService(entry.Rule) ? []
        : NetworkPresets.Find(entry.Rule) is { } preset ? preset.Select(text => Parsed(text) with { Private = entry.Private }) : [Parsed(entry.Rule) with { Private = entry.Private }];

    /// <summary>Empty where it is no rule of repositories.</summary>
    public static IEnumerable<GitRule> GitRulesOf(NetworkEntry entry) =>
        !GitRule.IsOne(entry.Rule) ? []
        : GitRule.Parse(entry.Rule) is { Rule: { } rule } ? [rule with { Private = entry.Private }]
        : throw new InvalidDataException($"{entry.Rule} is no rule of the network");

    private static IEnumerable<string> ServicesOf(IReadOnlyList<NetworkEntry> entries) => entries.Select(entry => entry.Rule).Where(NetworkPresets.IsService);

    private static NetworkRule Parsed(string text) =>
        NetworkRule.Parse(text) is { Rule: { } rule } ? rule : throw new InvalidDataException($"{text} is no rule of the network");
}
