using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Packages.Rules;

/// <param name="Owner">Whose they are, as an error says it.</param>
internal sealed record OwnedRules(string Owner, RestoreRules Rules);

/// <summary>All rules of one moment. Pure: what a package is, and when it was published, is asked by whoever holds a version against them.</summary>
internal sealed record RuleSet(IReadOnlyList<OwnedRules> All)
{
    /// <summary>The longest; null where there is none.</summary>
    public CooldownRule? Cooldown { get; } = All.Where(one => one.Rules.Cooldown > TimeSpan.Zero).OrderByDescending(one => one.Rules.Cooldown)
        .Select(one => new CooldownRule(one.Rules.Cooldown, $"cooldown {ShortTime.Format(one.Rules.Cooldown)} of {one.Owner}")).FirstOrDefault();

    /// <summary>The strictest; null where there is none.</summary>
    public AdvisoryRule? Advisories { get; } = All.Where(one => one.Rules.Worst is not null).OrderBy(one => one.Rules.Worst)
        .Select(one => new AdvisoryRule(one.Rules.Worst!.Value, $"vulnerabilities {RestoreRules.Name(one.Rules.Worst.Value)} of {one.Owner}")).FirstOrDefault();

    /// <summary>Why a package may not enter, whatever its version; null where it may.</summary>
    public Refusal? OfName(PackageKind kind, string name)
    {
        foreach (var (owner, rules) in All)
        {
            if (rules.DeniesAll)
            {
                return new Refusal($"{owner} can't be read, so no package may enter");
            }

            if (rules.Refusing(kind, name) is { } rule)
            {
                return new Refusal($"{name} is refused by {rule} of {owner}; no version of it passes");
            }
        }

        return null;
    }
}

/// <param name="Rule">The rule and whose it is, as an error begins.</param>
internal sealed record CooldownRule(TimeSpan Least, string Rule)
{
    /// <summary>The stricter of two.</summary>
    public static CooldownRule? Longer(CooldownRule? one, CooldownRule? other) => one is null || other?.Least > one.Least ? other : one;

    /// <summary>A date in the future is a young one: a source that lies in that direction gains nothing.</summary>
    public bool Passes(DateTimeOffset published, DateTimeOffset now) => now - published >= Least;

    /// <summary>Why a version is refused.</summary>
    /// <param name="published">Null where its source gives none.</param>
    /// <param name="unlocked">A lock file could stand in for the date, and none does.</param>
    public Refusal Refuse(string package, DateTimeOffset? published, DateTimeOffset now, bool unlocked) => new(
        published is { } date
            ? $"{Rule}: {package} was published {(date > now ? "in the future" : Ago(now - date))}"
            : $"{Rule}: {package} has no date of publication{(unlocked ? ", and no lock file of the project names it" : "")}");

    private static string Ago(TimeSpan age) => age switch
    {
        { TotalDays: >= 2 } => $"{(int)age.TotalDays} days ago",
        { TotalHours: >= 2 } => $"{(int)age.TotalHours} hours ago",
        _ => $"{(int)age.TotalMinutes} minutes ago",
    };
}

internal sealed record AdvisoryRule(Severity Worst, string Rule)
{
    /// <param name="severity">As a source says it; one that NuGet does not know counts as the worst.</param>
    public bool Refuses(int severity) => severity < (int)Severity.Low || severity >= (int)Worst;
}

/// <summary>Why something may not enter.</summary>
/// <param name="Text">Rule and package.</param>
/// <param name="Link">Where one can read on.</param>
internal sealed record Refusal(string Text, Uri? Link = null);
