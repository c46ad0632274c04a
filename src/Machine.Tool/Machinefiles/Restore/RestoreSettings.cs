using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Restore;

/// <summary>The <c>restore</c> of a Machinefile, or what a person wants of packages in all projects, as it is written.</summary>
/// <param name="Cooldown"><see cref="ShortTime"/>; null for none.</param>
/// <param name="Vulnerabilities">The least severity of an advisory that refuses a version; null for none.</param>
internal sealed record RestoreSettings(string? Cooldown = null, string? Vulnerabilities = null, IReadOnlyList<string>? Allow = null, IReadOnlyList<string>? Deny = null)
{
    public static RestoreSettings None { get; } = new();

    /// <summary>From the least to the worst, as NuGet counts them.</summary>
    public static IReadOnlyList<string> Severities { get; } = Enum.GetNames<Severity>().Select(name => name.ToLowerInvariant()).ToArray();

    /// <exception cref="InvalidDataException">A value is none.</exception>
    public RestoreRules ToRules() => new(Time(), Level(), [.. (Allow ?? []).Select(PackagePattern.Parse)], [.. (Deny ?? []).Select(PackagePattern.Parse)]);

    private TimeSpan Time() => Cooldown is null ? TimeSpan.Zero
        : Regex.IsMatch(Cooldown, $"^{ShortTime.Pattern}\\z", RegexOptions.None, TimeLimit.OfPattern) ? ShortTime.Parse(Cooldown)
        : throw new InvalidDataException($"{Cooldown} is no time (3d, 12h)");

    private Severity? Level() => Vulnerabilities is null ? null
        : Severities.Contains(Vulnerabilities, StringComparer.Ordinal) ? Enum.Parse<Severity>(Vulnerabilities, ignoreCase: true)
        : throw new InvalidDataException($"{Vulnerabilities} is not one of {string.Join(", ", Severities)}");
}
