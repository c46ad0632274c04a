using System.Text.Json.Nodes;
using NuGet.Versioning;

namespace Machine.Tool.Packages;

/// <summary>The v3 protocol's documents and addresses (learn.microsoft.com/nuget/api). All of it is ours: no upstream address passes.</summary>
internal sealed class FeedDocuments(string address)
{
    public string Base { get; } = $"{address}/nuget/v3";

    public JsonObject ServiceIndex(bool vulnerabilities, bool search)
    {
        var resources = new JsonArray(
            Resource($"{Base}/flat/", "PackageBaseAddress/3.0.0"),
            Resource($"{Base}/registration/", "RegistrationsBaseUrl/3.6.0"),
            Resource($"{Base}/registration/", "RegistrationsBaseUrl/Versioned"));
        if (vulnerabilities)
        {
            resources.Add(Resource($"{Base}/vulnerabilities/index.json", "VulnerabilityInfo/6.7.0"));
        }

        if (search)
        {
            resources.Add(Resource($"{Base}/search", "SearchQueryService"));
            resources.Add(Resource($"{Base}/search", "SearchQueryService/3.5.0"));
        }

        return new JsonObject { ["version"] = "3.0.0", ["resources"] = resources };
    }

    public static JsonObject Versions(IEnumerable<NuGetVersion> versions) =>
        new() { ["versions"] = new JsonArray([.. versions.Select(version => (JsonNode)version.Text())]) };

    public string Package(string id, NuGetVersion version) => $"{Base}/flat/{id}/{version.Text()}/{id}.{version.Text()}.nupkg";

    public string Registration(string id) => $"{Base}/registration/{id}/index.json";

    public string RegistrationLeaf(string id, NuGetVersion version) => $"{Base}/registration/{id}/{version.Text()}.json";

    private static JsonObject Resource(string id, string type) => new() { ["@id"] = id, ["@type"] = type };
}
