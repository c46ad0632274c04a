using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Packages.Rules;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>A version, and the source that gives it.</summary>
/// <param name="Kept">It is known from the store alone, because that source can't be asked.</param>
internal sealed record OfferedVersion(NuGetVersion Version, UpstreamSource Source, bool Kept);

/// <summary>
/// Holds packages of NuGet's against the rules. A date is the word of the very source that gives the version: another source's says nothing.
/// Beside the rules stands NuGet's own <c>minPublishAgeHours</c> of a source of the user's.
/// </summary>
internal sealed class PackageGate(PackageRules rules, LockedVersions locked, PackageStore store, Advisories advice)
{
    private readonly ReleaseDates dates = new();

    public Refusal? OfName(string id) => rules.Current().OfName(PackageKind.NuGet, id);

    public bool JudgesAge(HostNuGet.Snapshot snapshot, UpstreamSource source, string id) => Cooldown(snapshot, source, id) is not null;

    /// <summary>Whether a version is old enough.</summary>
    /// <returns>Its date, where the source gives one, or why it may not enter.</returns>
    /// <exception cref="FeedException">The source can't be asked.</exception>
    public async Task<(Refusal? Refusal, DateTimeOffset? Published)> OfAgeAsync(
        HostNuGet.Snapshot snapshot, UpstreamSource source, string id, NuGetVersion version, CancellationToken cancel)
    {
        if (Cooldown(snapshot, source, id) is not { } cooldown)
        {
            return (null, null);
        }

        // A folder's package may be another one meanwhile, so nothing that is kept of it says how old it is.
        var kept = source.IsLocal ? null : store.Find(source.Key, id, version.Text());
        try
        {
            var published = kept?.Published ?? await dates.OfAsync(source, id, version, cancel);
            return (Judge(cooldown, id, version, published, kept), published);
        }
        catch (FeedException) when (kept is not null && Judge(cooldown, id, version, null, kept) is null)
        {
            return (null, null);
        }
    }

    /// <summary>The versions that are old enough.</summary>
    /// <exception cref="FeedException">A source that gives some of them can't be asked for their dates.</exception>
    public async Task<IReadOnlyList<OfferedVersion>> OldEnoughAsync(HostNuGet.Snapshot snapshot, string id, IReadOnlyList<OfferedVersion> offered, CancellationToken cancel)
    {
        var passing = new List<OfferedVersion>();
        foreach (var one in offered)
        {
            try
            {
                if ((await OfAgeAsync(snapshot, one.Source, id, one.Version, cancel)).Refusal is null)
                {
                    passing.Add(one);
                }
            }
            catch (FeedException) when (one.Kept)
            {
                // The source is known to be out of reach; what can't be judged without it is not offered.
            }
        }

        return passing;
    }

    /// <summary>Whether what a source says of a version lets it in.</summary>
    public bool IsOldEnough(HostNuGet.Snapshot snapshot, UpstreamSource source, string id, IPackageSearchMetadata package) =>
        Cooldown(snapshot, source, id) is not { } cooldown
        || Judge(cooldown, id, package.Identity.Version, ReleaseDates.Of(package), source.IsLocal ? null : store.Find(source.Key, id, package.Identity.Version.Text())) is null;

    /// <summary>Whether a version has a known advisory that is too bad.</summary>
    /// <exception cref="FeedException">Nobody can be asked: the rule can't be kept, so nothing enters.</exception>
    public async Task<Refusal?> OfAdvisoriesAsync(string id, NuGetVersion version, CancellationToken cancel)
    {
        if (rules.Current().Advisories is not { } rule)
        {
            return null;
        }

        var answer = await advice.AskAsync(cancel)
            ?? throw FeedException.Refused($"{rule.Rule}: no source of the host publishes advisories, so nothing can be judged; add one to auditSources of your nuget.config");
        var worst = answer.Of(id).Where(one => rule.Refuses((int)one.Severity) && one.Versions.Satisfies(version)).OrderByDescending(one => one.Severity).FirstOrDefault();
        return worst is null ? null : new Refusal($"{rule.Rule}: {id} {version.Text()} has a known advisory ({worst.Severity.ToString().ToLowerInvariant()})", worst.Url);
    }

    private CooldownRule? Cooldown(HostNuGet.Snapshot snapshot, UpstreamSource source, string id) =>
        CooldownRule.Longer(rules.Current().Cooldown, source.LeastAge > TimeSpan.Zero && snapshot.AgeExceptions.FindException(id) is null
            ? new CooldownRule(source.LeastAge, $"minPublishAgeHours {source.LeastAge.TotalHours:0} of source '{source.Name}'")
            : null);

    private Refusal? Judge(CooldownRule cooldown, string id, NuGetVersion version, DateTimeOffset? published, StoredPackage? kept)
    {
        var now = DateTimeOffset.UtcNow;
        var passes = published is { } date
            ? cooldown.Passes(date, now)
            // What this host has kept for that long is at least that old.
            : (kept is not null && store.Holds(kept) && cooldown.Passes(kept.Added, now)) || locked.Names(id, version);
        return passes ? null : cooldown.Refuse($"{id} {version.Text()}", published, now, unlocked: true);
    }
}
