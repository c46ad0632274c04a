using Machine.Tool.Control;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Operations;

/// <summary>A rule that would have let through what was denied.</summary>
/// <param name="Rule">Made of a parsed name: ASCII alone, a name of other letters as <c>xn--…</c>.</param>
/// <param name="Program">Who asked, as the guest tells it: cleaned; null where it did not.</param>
/// <param name="Connections">How many were denied.</param>
internal sealed record LearnedRule(string Rule, string? Program, int Connections);

/// <summary>A connection that no rule of its own would let through.</summary>
internal sealed record UnlearnedConnection(string Server, int Port, string? Program, string? Reason);

/// <summary>
/// The rules that what was denied asks for. The guest chose the names: they are proposals to a person, each for one server, and a wider rule is no more than
/// a hint.
/// </summary>
/// <param name="Rules">In the order in which they were asked for.</param>
/// <param name="Hints">Rules that would take in several of those at once; never at or above a name below which anybody can have one.</param>
/// <param name="Others">Addresses, what a rule denies, and what was refused for another reason.</param>
/// <param name="Beyond">Connections to yet other servers, which were too many to be kept.</param>
internal sealed record LearnedRules(IReadOnlyList<LearnedRule> Rules, IReadOnlyList<string> Hints, IReadOnlyList<UnlearnedConnection> Others, int Beyond)
{
    /// <summary>Of rules, however many are told.</summary>
    public const int MostRules = 50;

    // Two servers of one name are written as quickly as they are read.
    private const int ManyBelow = 3;

    public static LearnedRules Of(DeniedConnections denied)
    {
        var rules = new List<(NetworkRule Rule, LearnedRule Learned)>();
        var others = new List<UnlearnedConnection>();
        foreach (var server in denied.Servers.Take(MostRules))
        {
            // Parsed here once more: what is proposed is what this process understands.
            if (server.Wish is not { } wish || NetworkRule.Parse(wish).Rule is not { Below: false } rule || rule.Text != wish)
            {
                others.Add(new UnlearnedConnection(server.Server, server.Port, server.Program, server.Reason));
            }
            else if (rules.FindIndex(one => one.Rule == rule) is >= 0 and var at)
            {
                // HTTPS and HTTP of one server are one rule.
                rules[at] = (rule, rules[at].Learned with { Connections = rules[at].Learned.Connections + server.Times, Program = rules[at].Learned.Program ?? server.Program });
            }
            else
            {
                rules.Add((rule, new LearnedRule(rule.Text, server.Program, server.Times)));
            }
        }

        var beyond = denied.Beyond + denied.Servers.Skip(MostRules).Sum(server => server.Times);
        return new LearnedRules([.. rules.Select(one => one.Learned)], [.. Wider(rules.Select(one => one.Rule))], others, beyond);
    }

    private static IEnumerable<string> Wider(IEnumerable<NetworkRule> rules) => rules
        .GroupBy(rule => (Above: rule.Name.Text[(rule.Name.Text.IndexOf('.', StringComparison.Ordinal) + 1)..], rule.Port))
        .Where(group => group.Count() >= ManyBelow)
        .Select(group => NetworkRule.Parse($"*.{group.Key.Above}{(group.Key.Port is { } port ? $":{port}" : "")}").Rule?.Text)
        .OfType<string>();
}
