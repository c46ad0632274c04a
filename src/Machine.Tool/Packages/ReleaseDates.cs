using System.Collections.Concurrent;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>
/// When versions were published, as their own source says in its registrations. A date that was told stays; what was not told is asked
/// again after a while.
/// </summary>
internal sealed class ReleaseDates
{
    private const int MostRemembered = 5000;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    // A registry that unlists a version gives it a date of long ago, which says nothing of its age.
    private static readonly DateTimeOffset Earliest = new(2005, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ConcurrentDictionary<(string Source, string Id), Known> known = [];
    private readonly SingleFlight<Known> flights = new();

    /// <summary>Null where the source gives none.</summary>
    /// <exception cref="FeedException">The source can't be asked.</exception>
    public async Task<DateTimeOffset?> OfAsync(UpstreamSource source, string id, NuGetVersion version, CancellationToken cancel)
    {
        var recent = known.GetValueOrDefault((source.Key, id));
        // A folder's file may have been replaced.
        if (recent is not null && !source.IsLocal && (recent.Dates.ContainsKey(version) || DateTimeOffset.UtcNow - recent.Asked < AskAgain))
        {
            return recent.Dates.TryGetValue(version, out var date) ? date : null;
        }

        var asked = await flights.RunAsync($"{source.Key} {id}", token => AskAsync(source, id, token), cancel);
        return asked.Dates.TryGetValue(version, out var told) ? told : null;
    }

    /// <summary>Null for a date that says nothing.</summary>
    public static DateTimeOffset? Of(DateTimeOffset? published) => published > Earliest ? published : null;

    /// <summary>As a source's registration says it.</summary>
    public static DateTimeOffset? Of(IPackageSearchMetadata package) => Of(package.Published);

    private async Task<Known> AskAsync(UpstreamSource source, string id, CancellationToken cancel)
    {
        var dates = new Dictionary<NuGetVersion, DateTimeOffset>();
        // NuGet would take a source without registrations for one that is out of order.
        var index = await source.TryAsync<ServiceIndexResourceV3, ServiceIndexResourceV3>((resource, _, _, _) => Task.FromResult(resource), cancel);
        var found = index is not null && index.GetServiceEntryUri(ServiceTypes.RegistrationsBaseUrl) is null ? null : await source.TryAsync<PackageMetadataResource, IEnumerable<IPackageSearchMetadata>>(
            (resource, cache, nuget, token) => resource.GetMetadataAsync(id, includePrerelease: true, includeUnlisted: true, cache, nuget, token), cancel);
        foreach (var one in found ?? [])
        {
            if (Of(one) is { } date)
            {
                // Twice in one source: the younger counts.
                dates[one.Identity.Version] = dates.TryGetValue(one.Identity.Version, out var other) && other > date ? other : date;
            }
        }

        if (known.Count >= MostRemembered)
        {
            known.Clear();
        }

        return known[(source.Key, id)] = new Known(dates, DateTimeOffset.UtcNow);
    }

    private sealed record Known(IReadOnlyDictionary<NuGetVersion, DateTimeOffset> Dates, DateTimeOffset Asked);
}
