using System.Text.Json.Serialization;

namespace Machine.Tool.Hosting;

/// <summary>One line of <c>doctor</c>.</summary>
/// <param name="Fix">What a person can do; a command where there is one.</param>
internal sealed record CheckResult(string Name, CheckStatus Status, string Message, string? Fix = null)
{
    /// <summary>Packages of the host's package manager that cure it.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Cures it without installing anything, for <c>--fix</c>.</summary>
    [JsonIgnore]
    public Func<CancellationToken, Task>? Repair { get; init; }

    public static CheckResult Ok(string name, string message) => new(name, CheckStatus.Ok, message);
}

internal enum CheckStatus
{
    Ok,
    Warning,
    Failed,
}
