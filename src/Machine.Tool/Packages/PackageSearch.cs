using System.Text.Json.Nodes;
using NuGet.Protocol;
using NuGet.Protocol.Core.Types;

namespace Machine.Tool.Packages;

/// <summary>SearchQueryService for <c>dotnet package search</c>: the sources' answers one after the other.</summary>
internal sealed class PackageSearch(HostNuGet host, PackageGate gate)
{
    private const int MostResults = 100;

    public async Task<bool> AnyAsync(CancellationToken cancel)
    {
        foreach (var source in host.Current().Sources)
        {
            try
            {
                if (await OffersAsync(source, cancel))
                {
                    return true;
                }
            }
            catch (FeedException)
            {
                // A source that can't be asked now offers no search; the query itself would say why.
            }
        }

        return false;
    }

    public async Task<JsonObject> AskAsync(FeedDocuments feed, string text, int skip, int take, bool prerelease, CancellationToken cancel)
    {
        var data = new JsonArray();
        foreach (var source in host.Current().Sources)
        {
            if (!await OffersAsync(source, cancel))
            {
                continue;
            }

            var found = await source.TryAsync<PackageSearchResource, IEnumerable<IPackageSearchMetadata>>(
                (resource, _, nuget, token) => resource.SearchAsync(text, new SearchFilter(prerelease), skip, Math.Clamp(take, 1, MostResults), nuget, token),
                cancel);
            foreach (var package in (found ?? []).Where(package => gate.OfName(package.Identity.Id.ToLowerInvariant()) is null))
            {
                data.Add(await ResultAsync(feed, package));
            }
        }

        return new JsonObject { ["totalHits"] = data.Count, ["data"] = data };
    }

    // NuGet makes a search for every v3 source, also for one that has none; it would fail with the first question.
    private static async Task<bool> OffersAsync(UpstreamSource source, CancellationToken cancel)
    {
        var index = await source.TryAsync<ServiceIndexResourceV3, ServiceIndexResourceV3>((resource, _, _, _) => Task.FromResult(resource), cancel);
        return index is null || index.GetServiceEntryUri(ServiceTypes.SearchQueryService) is not null;
    }

    private static async Task<JsonObject> ResultAsync(FeedDocuments feed, IPackageSearchMetadata package)
    {
        var id = package.Identity.Id.ToLowerInvariant();
        var versions = await package.GetVersionsAsync();
        return new JsonObject
        {
            ["id"] = package.Identity.Id,
            ["version"] = package.Identity.Version.ToFullString(),
            ["title"] = package.Title,
            ["description"] = package.Description,
            ["authors"] = new JsonArray(package.Authors),
            ["totalDownloads"] = package.DownloadCount ?? 0,
            ["registration"] = feed.Registration(id),
            ["versions"] = new JsonArray([.. (versions ?? []).Select(one => (JsonNode)new JsonObject
            {
                ["version"] = one.Version.ToFullString(),
                ["downloads"] = one.DownloadCount ?? 0,
                ["@id"] = feed.RegistrationLeaf(id, one.Version),
            })]),
        };
    }
}
