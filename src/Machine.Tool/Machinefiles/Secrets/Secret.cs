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

    /// <summary>The first field of what a secret is agreed to by.</summary>
    public const string Kind = "secret";

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
        Kind, Target, Name, Origin.ToString(), Path ?? "", Command.Count.ToString(CultureInfo.InvariantCulture), .. Command, Header ?? "", Api?.ToString() ?? "",
        TokensADay?.ToString(CultureInfo.InvariantCulture) ?? "", Private ? "private" : "public",
    ];

    /// <summary>The server of a secret that was agreed to.</summary>
    public static string TargetOf(IReadOnlyList<string> identity) => identity[1];

    /// <summary>For a plan.</summary>
    // What the repository wrote comes last, in quotes: no word of it passes for one of ours.
    public string Says => $"requests of the guest to https://{Target} carry the secret {Name} in the header {Header ?? "Authorization"}"
        + (Api is { } api ? $" (the API of {(api == ModelApi.Anthropic ? "Anthropic" : "OpenAI")}, {(TokensADay is { } most ? string.Create(CultureInfo.InvariantCulture, $"at most {most:N0}") : "any number of")} tokens a day)" : "")
        + (Private ? ", also in a private network" : "") + $"; it is {Source}";

    private string Source => Origin switch
    {
        SecretOrigin.Environment => $"this host's variable {Name}",
        SecretOrigin.File => $"in the file of this host {Quoted(Path!)}",
        SecretOrigin.Command => $"what this host's program prints: {string.Join(' ', Command.Select(Quoted))}",
        _ => $"the password that your git has for {Server}",
    };

    private static string Quoted(string word) => $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
