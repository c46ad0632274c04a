using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Packages.Rules;

namespace Machine.Tool.Packages;

/// <summary>Holds packages of npm's against the rules: names, and the dates of a package's document. Advisories of npm's registry are not asked for.</summary>
internal sealed class NpmGate(PackageRules rules, PackageLog entered)
{
    public RuleSet Current => rules.Current();

    /// <summary>Judges a version by its date; null where no rule does.</summary>
    public static Func<string, DateTimeOffset?, Refusal?>? Judge(RuleSet rules, string name) =>
        rules.Cooldown is { } cooldown
            ? (version, published) => ReleaseDates.Of(published) is { } date && cooldown.Passes(date, DateTimeOffset.UtcNow) ? null : cooldown.Refuse($"{name} {version}", published, DateTimeOffset.UtcNow, unlocked: false)
            : null;

    /// <exception cref="FeedException">A rule keeps the package out.</exception>
    public void RequireName(string name)
    {
        if (Current.OfName(PackageKind.Npm, name) is { } refusal)
        {
            throw Told(refusal, name, "*");
        }
    }

    /// <summary>A version's file; null where the registry has none.</summary>
    /// <exception cref="FeedException">A rule keeps the version out.</exception>
    public NpmTarball? Require(NpmDocument document, string name, string version) =>
        document.Judgement.Refused.TryGetValue(version, out var refusal) ? throw Told(WithNewest(refusal, document), name, version) : document.Tarballs.GetValueOrDefault(version);

    /// <summary>The version that was published last and is held back is told: npm can only say that it does not exist.</summary>
    public void Tell(NpmDocument document, string name)
    {
        if (document.Judgement.Refused.Keys.LastOrDefault() is { } version)
        {
            _ = Told(WithNewest(document.Judgement.Refused[version], document), name, version);
        }
    }

    private static Refusal WithNewest(Refusal refusal, NpmDocument document) =>
        refusal with { Text = document.Judgement.Newest is { } newest ? $"{refusal.Text}; {newest} is the newest version that passes" : $"{refusal.Text}; no version of it passes" };

    private FeedException Told(Refusal refusal, string name, string version)
    {
        entered.Add(new PackageLogEntry { Kind = "npm", Id = name, Version = version, Source = "-", Refused = refusal.Text, Time = DateTimeOffset.UtcNow });
        return FeedException.Refused(refusal.Text, refusal.Link);
    }
}
