using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using NuGet.Protocol;
using NuGet.Protocol.Model;

namespace Machine.Tool.Packages;

/// <summary>
/// VulnerabilityInfo: the advisories that the host's audit sources (else its package sources) publish, in one page, so that
/// NuGetAudit works inside. Where no source publishes any, the feed has no such resource and NuGet audits nothing, as on the host.
/// </summary>
internal sealed class Advisories(HostNuGet host, ILogger log)
{
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(30);

    private readonly SingleFlight<Answer> flight = new();
    private Answer? kept;

    /// <summary>Null where no source publishes advisories.</summary>
    /// <exception cref="FeedException">A source that may publish them can't be asked.</exception>
    public async Task<Answer?> AskAsync(CancellationToken cancel)
    {
        var snapshot = host.Current();
        if (kept is not { } recent || recent.From != snapshot || DateTimeOffset.UtcNow - recent.Time > Keep)
        {
            kept = recent = await flight.RunAsync("", token => LoadAsync(snapshot, token), cancel);
        }

        return recent.Page is null ? null : recent;
    }

    /// <summary>Like <see cref="AskAsync"/>, for the service index: a source that can't be asked must not stop a restore from the store.</summary>
    public async Task<bool> AnyAsync(CancellationToken cancel)
    {
        try
        {
            return await AskAsync(cancel) is not null;
        }
        catch (FeedException e)
        {
            log.LogWarning("{Reason}; packages are not audited", e.Message);
            return false;
        }
    }

    private static async Task<Answer> LoadAsync(HostNuGet.Snapshot snapshot, CancellationToken cancel)
    {
        JsonObject? page = null;
        var known = new Dictionary<string, List<PackageVulnerabilityInfo>>(StringComparer.OrdinalIgnoreCase);
        foreach (var source in snapshot.AuditSources.Where(source => !source.IsLocal))
        {
            var result = await source.TryAsync<IVulnerabilityInfoResource, GetVulnerabilityInfoResult>(
                (resource, cache, nuget, token) => resource.GetVulnerabilityInfoAsync(cache, nuget, token), cancel);
            if (result is null)
            {
                continue;
            }

            if (result.Exceptions is { } failure)
            {
                throw FeedException.Upstream($"the advisories of source '{source.Name}' can't be read", failure);
            }

            page ??= [];
            foreach (var (id, advisories) in (result.KnownVulnerabilities ?? []).SelectMany(pages => pages))
            {
                Add(page, id.ToLowerInvariant(), advisories);
                (known.TryGetValue(id, out var list) ? list : known[id] = []).AddRange(advisories);
            }
        }

        return new Answer(snapshot, page, DateTimeOffset.UtcNow) { Known = known };
    }

    private static void Add(JsonObject page, string id, IReadOnlyList<PackageVulnerabilityInfo> advisories)
    {
        if (page[id] is not JsonArray list)
        {
            page[id] = list = [];
        }

        foreach (var advisory in advisories)
        {
            list.Add(new JsonObject
            {
                ["url"] = advisory.Url.ToString(),
                ["severity"] = (int)advisory.Severity,
                ["versions"] = advisory.Versions.ToNormalizedString(),
            });
        }
    }

    internal sealed record Answer(HostNuGet.Snapshot From, JsonObject? Page, DateTimeOffset Time)
    {
        public IReadOnlyDictionary<string, List<PackageVulnerabilityInfo>> Known { private get; init; } = new Dictionary<string, List<PackageVulnerabilityInfo>>();

        /// <summary>What is known of one package.</summary>
        public IReadOnlyList<PackageVulnerabilityInfo> Of(string id) => Known.GetValueOrDefault(id) ?? [];
    }
}
