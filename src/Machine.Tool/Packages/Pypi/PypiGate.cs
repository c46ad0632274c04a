using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Packages.Rules;

namespace Machine.Tool.Packages.Pypi;

/// <summary>A package's page as a machine gets it.</summary>
/// <param name="Page">Without what the rules keep out.</param>
/// <param name="Refused">By the file's name.</param>
internal sealed record JudgedPage(PypiPage Page, IReadOnlyDictionary<string, (PypiFile File, Refusal Refusal)> Refused);

/// <summary>Holds Python's packages against the rules: names, and the dates at which files were uploaded. Advisories are not asked for.</summary>
internal sealed class PypiGate(PackageRules rules, PackageLog entered)
{
    public RuleSet Current => rules.Current();

    /// <exception cref="FeedException">A rule keeps the package out.</exception>
    public void RequireName(string name)
    {
        if (Current.OfName(PackageKind.Pypi, name) is { } refusal)
        {
            throw Told(refusal, name, "*");
        }
    }

    /// <summary>Each file by its own date: a version of last year may get a file today.</summary>
    public static JudgedPage Judge(PypiPage page, RuleSet rules, DateTimeOffset now)
    {
        var refused = new Dictionary<string, (PypiFile File, Refusal Refusal)>(StringComparer.Ordinal);
        if (rules.Cooldown is not { } cooldown)
        {
            return new JudgedPage(page, refused);
        }

        var passing = page.Files.Where(file => ReleaseDates.Of(file.Uploaded) is { } date && cooldown.Passes(date, now)).ToList();
        var last = passing.Where(file => file.Yanked is null).MaxBy(file => file.Uploaded)?.Version;
        foreach (var file in page.Files.Except(passing))
        {
            var refusal = cooldown.Refuse($"{page.Name} {file.Version}", file.Uploaded, now, unlocked: false);
            refused[file.Name] = (file, refusal with { Text = refusal.Text + (last is null ? "; no version of it passes" : $"; {last} is the last one that passes") });
        }

        return new JudgedPage(page with { Files = passing }, refused);
    }

    /// <summary>The version that was uploaded last and is held back is told: pip can only say that it does not exist.</summary>
    public void Tell(JudgedPage judged)
    {
        if (judged.Refused.Count > 0)
        {
            var (file, refusal) = judged.Refused.Values.MaxBy(one => one.File.Uploaded ?? DateTimeOffset.MinValue);
            _ = Told(refusal, judged.Page.Name, file.Version);
        }
    }

    /// <exception cref="FeedException">No such file, or a rule keeps it out.</exception>
    public PypiFile Require(JudgedPage judged, string file) =>
        judged.Refused.TryGetValue(file, out var held) ? throw Told(held.Refusal, judged.Page.Name, held.File.Version)
        : judged.Page.Files.FirstOrDefault(one => one.Name == file) ?? throw FeedException.NotFound($"no package index of the host has this file of {judged.Page.Name}");

    private FeedException Told(Refusal refusal, string name, string version)
    {
        entered.Add(new PackageLogEntry { Kind = PypiIndex.Kind, Id = name, Version = version, Source = "-", Refused = refusal.Text, Time = DateTimeOffset.UtcNow });
        return FeedException.Refused(refusal.Text, refusal.Link);
    }
}
