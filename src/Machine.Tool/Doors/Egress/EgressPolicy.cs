using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>What the rules say of one connection.</summary>
/// <param name="Rule">The one that allows or denies; null where none covers it.</param>
/// <param name="Reason">In words for whoever was denied; null where it is allowed.</param>
internal sealed record Verdict(NetworkRule? Rule, string? Reason)
{
    public bool Allowed => Reason is null;
}

/// <summary>Judges where a machine may go. Deny beats allow, and what no rule names is denied.</summary>
internal static class EgressPolicy
{
    public static Verdict Judge(NetworkRules rules, EgressTarget target)
    {
        if (target.Name is not { } name)
        {
            return new Verdict(null, $"machine: {target.Text} {target.Flaw}; nothing was sent");
        }

        if (rules.Denying(name, target.Port) is { } denying)
        {
            return new Verdict(denying, $"machine: {target.Text} is denied by the rule {denying.Text} (dotnet machine network show)");
        }

        return rules.Allowing(name, target.Port) is { } allowing
            ? new Verdict(allowing, null)
            : new Verdict(null, $"machine: {target.Text} is not among what this project's machine may reach; on the host: dotnet machine network allow {Wish(name, target.Port)}");
    }

    /// <summary>The rule that would allow it.</summary>
    public static string Wish(HostName name, int port) => new NetworkRule { Name = name, Port = port is 443 or 80 ? null : port }.Text;
}
