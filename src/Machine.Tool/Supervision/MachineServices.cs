using Machine.Tool.Doors.Credentials;
using Machine.Tool.Doors.Git;
using Machine.Tool.Doors.Secrets;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Supervision;

/// <summary>What a machine's guest may ask of this host beside packages of NuGet, as its rules say at each request. It ends with the host that serves it.</summary>
/// <param name="Rules">What the machine may reach now.</param>
/// <param name="Git">Null where nobody works in the machine.</param>
/// <param name="Secrets">Null likewise.</param>
internal sealed record MachineServices(Func<NetworkRules> Rules, GitEndpoint? Git, SecretEndpoint? Secrets)
{
    /// <summary>Asked by both, one program at a time.</summary>
    public GitCredentials? Credentials { get; init; }

    /// <summary>NuGet's packages alone.</summary>
    public static MachineServices None { get; } = new(() => NetworkRules.None, null, null);
}
