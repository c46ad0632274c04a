using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Secrets;

namespace Machine.Tool.Machinefiles;

/// <summary>A rule of the network as a plan has it, and an approval keeps it.</summary>
/// <param name="Text">As <see cref="NetworkRule.Text"/>, <see cref="GitRule.Text"/>, or a service's name.</param>
/// <param name="Without">The rules of <c>deny</c> that leave something of it out.</param>
internal sealed record AgreedRule(string Text, IReadOnlyList<string> Without)
{
    /// <returns>Null where it is another item of a plan.</returns>
    public static AgreedRule? Of(IReadOnlyList<string> identity) =>
        identity.Count > 2 && identity[0] == PlanItems.NetworkIdentity ? new AgreedRule(identity[1], [.. identity.Skip(3)])
        : identity.Count > 2 && identity[0] == Secret.Kind ? new AgreedRule(Secret.TargetOf(identity), [])
        : null;

    /// <summary>Some server or repository that this rule is for may be reached by it.</summary>
    public bool Lets(NetworkEntry taken) =>
        NetworkPresets.IsService(taken.Rule) ? Text == taken.Rule : NetworkSettings.RulesOf(taken).Any(Lets) || NetworkSettings.GitRulesOf(taken).Any(Lets);

    private bool Lets(NetworkRule server) =>
        !Without.Contains(server.Text, StringComparer.Ordinal)
        && (Text == server.Text || (GitRule.IsOne(Text) ? GitRule.Parse(Text).Rule?.IsAt(server) : NetworkRule.Parse(Text).Rule?.Overlaps(server)) == true);

    private bool Lets(GitRule repositories) =>
        !Without.Contains(repositories.Text, StringComparer.Ordinal) && GitRule.IsOne(Text) && GitRule.Parse(Text).Rule?.Overlaps(repositories) == true;
}
