using System.Globalization;
using Machine.Tool.Machinefiles.Network;

namespace Machine.Tool.Machinefiles.Secrets;

/// <summary>Where this host has a secret's value.</summary>
internal enum SecretOrigin
{
    /// <summary>A variable of the secret's name, of whoever runs a command.</summary>
    Environment,

    File,

    /// <summary>What a program of this host prints.</summary>
    Command,

    /// <summary>What git's credential helpers of this user have for the server.</summary>
    GitCredential,
}

/// <summary>APIs of models whose answers tell how many tokens they took.</summary>
internal enum ModelApi
{
    Anthropic,
    OpenAi,
}

/// <summary>
/// A secret that stays on this host: the guest talks to <see cref="Address"/>, and this host sends it on to one server with the secret in a header.
/// </summary>
internal sealed record Secret
{
    /// <summary>What the names of secrets end with inside.</summary>
    public const string Domain = ".secret.internal";

    /// <summary>1 to 40 of A-Z, 0-9 and '_'.</summary>
    public required string Name { get; init; }

    public required SecretOrigin Origin { get; init; }

    /// <summary>Absolute, of <see cref="SecretOrigin.File"/>.</summary>
    public string? Path { get; init; }

    /// <summary>A program and its arguments, of <see cref="SecretOrigin.Command"/>.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The one server that gets it, over TLS.</summary>
    public required HostName Server { get; init; }

    /// <summary>1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>The header that is the secret; null for <c>Authorization</c>, as a bearer's token or as name and password.</summary>
    public string? Header { get; init; }

    public ModelApi? Api { get; init; }

    /// <summary>Tokens of a model in a day of UTC; null for any number.</summary>
    public int? TokensADay { get; init; }

    /// <summary>The server may have an address of a private network.</summary>
    public bool Private { get; init; }

    /// <summary>The first label of its name inside.</summary>
    public string Label => Name.ToLowerInvariant().Replace('_', '-');

    /// <summary>Where the guest finds it.</summary>
    public string Address => $"http://{Label}{Domain}";

    public string Target => Port == 443 ? Server.Text : string.Create(CultureInfo.InvariantCulture, $"{Server}:{Port}");

    /// <summary>What a person agrees to, exactly.</summary>
    public IReadOnlyList<string> Identity =>
    [
        "secret", Name, Origin.ToString(), Path ?? "", Command.Count.ToString(CultureInfo.InvariantCulture), .. Command, Target, Header ?? "", Api?.ToString() ?? "",
        TokensADay?.ToString(CultureInfo.InvariantCulture) ?? "", Private ? "private" : "public",
    ];

    /// <summary>For a plan.</summary>
    public string Says => $"requests of the guest to https://{Target} carry the secret {Name}: {Source}"
        + (TokensADay is { } most ? string.Create(CultureInfo.InvariantCulture, $"; at most {most:N0} tokens a day") : "") + (Private ? "; also in a private network" : "");

    private string Source => Origin switch
    {
        SecretOrigin.Environment => $"this host's variable {Name}",
        SecretOrigin.File => $"the file {Path} of this host",
        SecretOrigin.Command => $"what this host's program prints:  {string.Join(' ', Command)}",
        _ => $"the password that your git has for {Server}",
    };
}
