using System.Globalization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Network;

/// <summary>What the first bytes of a connection must say.</summary>
internal enum EgressProtocol
{
    /// <summary>A TLS greeting that names the very server.</summary>
    Tls,

    /// <summary>An HTTP request to the very server.</summary>
    Http,

    /// <summary>Nothing: they are not looked at.</summary>
    Tcp,
}

/// <summary>What is wrong with a rule, and what to write instead.</summary>
internal sealed record RuleFlaw(string What, string Remedy);

/// <summary>
/// One server, or all below a name, that a machine may reach or may not: <c>api.example.com</c>, <c>*.example.com</c>, <c>db.example.com:5432</c>,
/// <c>mail.example.com:587/tcp</c>. Without a port: HTTPS at 443 and HTTP at 80.
/// </summary>
internal sealed record NetworkRule
{
    /// <summary>Where TLS is spoken from the first byte on (IANA's register of service names).</summary>
    private static readonly int[] TlsPorts = [443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995, 2376, 5061, 5671, 6443, 8443, 8883, 9443];

    private static readonly int[] HttpPorts = [80, 8080];

    public required HostName Name { get; init; }

    /// <summary>All below the name, and not the name itself.</summary>
    public bool Below { get; init; }

    /// <summary>1 to 65535; null for 443 and 80.</summary>
    public int? Port { get; init; }

    /// <summary>As the rule says it; null where the port tells.</summary>
    public EgressProtocol? Protocol { get; init; }

    /// <summary>The server may have an address of a private network.</summary>
    public bool Private { get; init; }

    /// <summary>Written in one way, so that two rules that say the same are the same text.</summary>
    public string Text => $"{(Below ? "*." : "")}{Name}{(Port is { } port ? string.Create(CultureInfo.InvariantCulture, $":{port}") : "")}{(Protocol is { } protocol ? "/" + Word(protocol) : "")}";

    /// <summary>For a plan: what a person agrees to.</summary>
    public string Says => $"{(Below ? "every server below " : "")}{Name}{(Port is { } port ? string.Create(CultureInfo.InvariantCulture, $" at port {port}") : " (HTTPS and HTTP)")}"
        + (Private ? ", also in a private network" : "") + (Port is { } at && ProtocolAt(at) == EgressProtocol.Tcp ? ", whatever is spoken there" : "");

    public bool Covers(HostName name, int port) =>
        (Below ? name.IsBelow(Name) : name == Name) && (Port is { } only ? only == port : port is 443 or 80);

    public EgressProtocol ProtocolAt(int port) => Protocol ?? SpokenAt(port);

    /// <summary>What is usually spoken at a port.</summary>
    public static EgressProtocol SpokenAt(int port) =>
        TlsPorts.Contains(port) ? EgressProtocol.Tls : HttpPorts.Contains(port) ? EgressProtocol.Http : EgressProtocol.Tcp;

    /// <summary>Some server is covered by both.</summary>
    public bool Overlaps(NetworkRule other) =>
        (Port is null || other.Port is null || Port == other.Port)
        && (Name == other.Name ? Below == other.Below : (Below && other.Name.IsBelow(Name)) || (other.Below && Name.IsBelow(other.Name)));

    /// <returns>The rule, or what is wrong with it.</returns>
    public static (NetworkRule? Rule, RuleFlaw? Flaw) Parse(string text)
    {
        var (rest, protocol) = Split(text, '/');
        var (named, digits) = Split(rest, ':');
        var below = named.StartsWith("*.", StringComparison.Ordinal);
        var name = HostName.TryParse(below ? named[2..] : named, out var why);
        if (name is null)
        {
            // *.com has one label below the star.
            return below && named.AsSpan(2).IndexOfAny('.', '*') < 0
                ? Wrong(text, $"would be every server of .{named[2..]}", $"name the servers, or what lies below one name: *.example.{named[2..]}")
                : Wrong(text, why!, "write api.example.com, *.example.com or db.example.com:5432; servers are named, not numbered");
        }

        if (below && PublicSuffixes.Contains(name))
        {
            return Wrong(text, $"would be every server of everybody below {name}, where anybody can have one", $"name the servers, or what lies below one name: *.example.{name}");
        }

        if (below && PublicSuffixes.HasBelow(name))
        {
            return Wrong(text, $"would take in names below {name} where anybody can have one", $"name the servers, or what lies below one name: *.example.{name}");
        }

        int? port = null;
        if (digits is not null)
        {
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
            {
                return Wrong(text, $"has the port {Printable.Quote(digits)}", "ports go from 1 to 65535");
            }

            port = number;
        }

        if (protocol is null)
        {
            return (new NetworkRule { Name = name, Below = below, Port = port }, null);
        }

        return port is null ? Wrong(text, "has a protocol and no port", $"write {named}:443/{protocol}")
            : Of(protocol) is { } known ? (new NetworkRule { Name = name, Below = below, Port = port, Protocol = known }, null)
            : Wrong(text, $"has the protocol {Printable.Quote(protocol)}", "one of tls, http, tcp");
    }

    private static (NetworkRule? Rule, RuleFlaw? Flaw) Wrong(string text, string what, string remedy) => (null, new RuleFlaw($"{Printable.Quote(text)} {what}", remedy));

    private static (string Before, string? After) Split(string text, char at) =>
        text.IndexOf(at, StringComparison.Ordinal) is >= 0 and var found ? (text[..found], text[(found + 1)..]) : (text, null);

    private static string Word(EgressProtocol protocol) => protocol.ToString().ToLowerInvariant();

    private static EgressProtocol? Of(string word) => word switch
    {
        "tls" => EgressProtocol.Tls,
        "http" => EgressProtocol.Http,
        "tcp" => EgressProtocol.Tcp,
        _ => null,
    };
}
