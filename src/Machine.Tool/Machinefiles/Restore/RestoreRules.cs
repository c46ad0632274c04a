using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles.Restore;

/// <summary>How bad an advisory is, in NuGet's numbers.</summary>
internal enum Severity
{
    Low = 0,
    Moderate = 1,
    High = 2,
    Critical = 3,
}

/// <summary>Which packages may enter a machine. Rules only ever narrow: each that is added lets less in.</summary>
/// <param name="Cooldown">How long ago a version must have been published; zero for no rule.</param>
/// <param name="Worst">The least severity of an advisory that refuses a version; null for no rule.</param>
/// <param name="Allow">Nothing else where it is not empty.</param>
/// <param name="Deny">Beats <paramref name="Allow"/>.</param>
internal sealed record RestoreRules(TimeSpan Cooldown, Severity? Worst, IReadOnlyList<PackagePattern> Allow, IReadOnlyList<PackagePattern> Deny)
{
    public static RestoreRules None { get; } = new(TimeSpan.Zero, null, [], []);

    /// <summary>Nothing may enter: what the rules were can't be read.</summary>
    public static RestoreRules Nothing { get; } = None with { DeniesAll = true };

    public bool DeniesAll { get; init; }

    /// <summary>As it is written.</summary>
    public RestoreSettings ToSettings() => new(
        Cooldown == TimeSpan.Zero ? null : ShortTime.Format(Cooldown),
        Worst is { } worst ? Name(worst) : null,
        [.. Allow.Select(pattern => pattern.Text)],
        [.. Deny.Select(pattern => pattern.Text)]);

    /// <summary>What these rules let in that those before did not.</summary>
    public IEnumerable<Loosening> LoosenedFrom(RestoreRules before)
    {
        if (Cooldown < before.Cooldown)
        {
            yield return new Loosening(
                $"packages younger than {ShortTime.Format(before.Cooldown)} may come in ({(Cooldown == TimeSpan.Zero ? "the cooldown is gone" : "the cooldown is " + ShortTime.Format(Cooldown))})",
                ["cooldown", ToSettings().Cooldown ?? "none"]);
        }

        if (before.Worst is { } worst && (Worst is null || Worst > worst))
        {
            yield return new Loosening(
                $"packages with known vulnerabilities ({Name(worst)}) may come in ({(Worst is { } now ? "refused from " + Name(now) + " on" : "none is refused")})",
                ["vulnerabilities", ToSettings().Vulnerabilities ?? "none"]);
        }

        foreach (var pattern in before.Deny.Where(pattern => !Deny.Any(deny => deny.Covers(pattern))))
        {
            yield return new Loosening($"packages are not denied any more: {pattern.Text}", ["deny", pattern.Text]);
        }

        if (before.Allow.Count > 0 && !IsWithin(before.Allow))
        {
            yield return new Loosening(
                Allow.Count == 0 ? $"packages other than {Join(before.Allow)} may come in" : $"packages that were not allowed before may come in: {Join(Allow)}",
                ["allow", .. Allow.Select(pattern => pattern.Text).Order(StringComparer.Ordinal)]);
        }
    }

    /// <summary>The strictest of both: what a later change is compared with.</summary>
    public RestoreRules StricterOf(RestoreRules other) => new(
        Cooldown > other.Cooldown ? Cooldown : other.Cooldown,
        Worst is null || other.Worst < Worst ? other.Worst : Worst,
        Allow.Count == 0 || (other.Allow.Count > 0 && other.IsWithin(Allow)) ? other.Allow : Allow,
        [.. Deny.Where(pattern => !other.Deny.Any(deny => deny.Covers(pattern))), .. other.Deny]);

    /// <summary>The rule that keeps a package out, whatever its version; null where none does.</summary>
    public string? Refusing(PackageKind kind, string name) =>
        DeniesAll ? "everything"
        : Deny.FirstOrDefault(pattern => pattern.Denies(kind, name)) is { } denied ? $"deny {denied.Text}"
        : Allow.Count > 0 && !Allow.Any(pattern => pattern.Allows(kind, name)) ? $"allow {Join(Allow)}"
        : null;

    public static string Name(Severity severity) => severity.ToString().ToLowerInvariant();

    private bool IsWithin(IReadOnlyList<PackagePattern> before) => Allow.Count > 0 && Allow.All(pattern => before.Any(one => one.Covers(pattern)));

    // A list of thousands is no text for a person.
    private static string Join(IReadOnlyList<PackagePattern> patterns) =>
        string.Join(", ", patterns.Take(5).Select(pattern => pattern.Text)) + (patterns.Count > 5 ? ", …" : "");
}

/// <param name="Text">One line for a person.</param>
/// <param name="Identity">What is agreed to: the rules as they are now, of one kind.</param>
internal sealed record Loosening(string Text, IReadOnlyList<string> Identity);
