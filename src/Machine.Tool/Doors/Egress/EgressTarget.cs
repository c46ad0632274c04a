using System.Globalization;
using System.Net;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Doors.Egress;

/// <summary>Where a program in the guest wants to go, as the guest's relay tells it: a name that its resolver gave an address, or an address itself.</summary>
/// <param name="Name">Null where it is no name of a server.</param>
/// <param name="Told">Safe to print.</param>
/// <param name="Flaw">Why it is no name.</param>
internal sealed record EgressTarget(HostName? Name, int Port, string Told, string? Flaw)
{
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Name?.Text ?? Told}:{Port}");

    /// <returns>Null where it is no target at all.</returns>
    public static EgressTarget? TryParse(string name, string port)
    {
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
        {
            return null;
        }

        var parsed = HostName.OfWire(name);
        return new EgressTarget(parsed, number, Tainted.Line(name), parsed is not null ? null : IPAddress.TryParse(name, out _) ? "is an address; rules are by name" : "is no server's name");
    }
}
