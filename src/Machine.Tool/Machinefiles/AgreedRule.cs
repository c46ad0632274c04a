using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Machinefiles;

/// <summary>A rule of the network as a plan has it, and an approval keeps it.</summary>
/// <param name="Text">As <see cref="NetworkRule.Text"/>.</param>
/// <param name="Without">The rules of <c>deny</c> that leave something of it out.</param>
internal sealed record AgreedRule(string Text, IReadOnlyList<string> Without)
{
    /// <returns>Null where it is another item of a plan.</returns>
    public static AgreedRule? Of(IReadOnlyList<string> identity) =>
        identity.Count > 2 && identity[0] == PlanItems.NetworkIdentity ? new AgreedRule(identity[1], [.. identity.Skip(3)]) : null;

    /// <summary>Some server that this rule is for may be reached by it.</summary>
    public bool Lets(NetworkRule server) =>
        !Without.Contains(server.Text, StringComparer.Ordinal) && (Text == server.Text || NetworkRule.Parse(Text).Rule?.Overlaps(server) == true);
}
