using System.Text.Json.Nodes;
using NuGet.Protocol.Core.Types;

namespace Machine.Tool.Packages;

/// <summary>
/// RegistrationsBaseUrl: what <c>dotnet list package --outdated</c>, <c>dotnet add package</c> and IDEs read. Written anew from
/// what NuGet.Protocol understood, so v2 and folder sources have it too and nothing unknown passes.
/// </summary>
internal static class Registration
{
    public static async Task<JsonObject> IndexAsync(FeedDocuments feed, string id, IReadOnlyList<IPackageSearchMetadata> versions)
    {
        var leaves = new JsonArray();
        foreach (var version in versions)
        {
            leaves.Add(await LeafAsync(feed, id, version));
        }

        var page = new JsonObject
        {
            ["@id"] = feed.Registration(id) + "#all",
            ["count"] = leaves.Count,
            ["lower"] = versions[0].Identity.Version.ToNormalizedString(),
            ["upper"] = versions[^1].Identity.Version.ToNormalizedString(),
            ["items"] = leaves,
        };
        return new JsonObject { ["@id"] = feed.Registration(id), ["count"] = 1, ["items"] = new JsonArray(page) };
    }

    public static async Task<JsonObject> LeafAsync(FeedDocuments feed, string id, IPackageSearchMetadata package)
    {
        var version = package.Identity.Version;
        var entry = new JsonObject
        {
            ["@id"] = feed.RegistrationLeaf(id, version) + "#entry",
            ["id"] = package.Identity.Id,
            ["version"] = version.ToFullString(),
            ["title"] = package.Title,
            ["description"] = package.Description,
            ["summary"] = package.Summary,
            ["authors"] = package.Authors,
            ["tags"] = new JsonArray([.. (package.Tags ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(tag => (JsonNode)tag)]),
            ["projectUrl"] = package.ProjectUrl?.ToString(),
            ["licenseUrl"] = package.LicenseUrl?.ToString(),
            ["licenseExpression"] = package.LicenseMetadata is { Type: NuGet.Packaging.LicenseType.Expression } license ? license.License : null,
            ["requireLicenseAcceptance"] = package.RequireLicenseAcceptance,
            ["published"] = package.Published?.ToString("O"),
            ["listed"] = package.IsListed,
            ["packageContent"] = feed.Package(id, version),
            ["dependencyGroups"] = Dependencies(feed, package),
            ["vulnerabilities"] = Vulnerabilities(package),
        };
        if (await package.GetDeprecationMetadataAsync() is { } deprecation)
        {
            entry["deprecation"] = new JsonObject
            {
                ["message"] = deprecation.Message,
                ["reasons"] = new JsonArray([.. deprecation.Reasons.Select(reason => (JsonNode)reason)]),
                ["alternatePackage"] = deprecation.AlternatePackage is { } other
                    ? new JsonObject { ["id"] = other.PackageId, ["range"] = other.Range?.ToNormalizedString() }
                    : null,
            };
        }

        return new JsonObject
        {
            ["@id"] = feed.RegistrationLeaf(id, version),
            ["@type"] = "Package",
            ["catalogEntry"] = entry,
            ["packageContent"] = feed.Package(id, version),
            ["registration"] = feed.Registration(id),
        };
    }

    private static JsonArray Dependencies(FeedDocuments feed, IPackageSearchMetadata package) =>
        new([.. (package.DependencySets ?? []).Select(group => (JsonNode)new JsonObject
        {
            ["targetFramework"] = group.TargetFramework.IsAny ? null : group.TargetFramework.GetShortFolderName(),
            ["dependencies"] = new JsonArray([.. group.Packages.Select(dependency => (JsonNode)new JsonObject
            {
                ["id"] = dependency.Id,
                ["range"] = dependency.VersionRange.ToNormalizedString(),
                ["registration"] = feed.Registration(dependency.Id.ToLowerInvariant()),
            })]),
        })]);

    private static JsonArray? Vulnerabilities(IPackageSearchMetadata package) =>
        package.Vulnerabilities?.ToList() is { Count: > 0 } known
            ? new JsonArray([.. known.Select(one => (JsonNode)new JsonObject
            {
                ["advisoryUrl"] = one.AdvisoryUrl.ToString(),
                ["severity"] = one.Severity.ToString(),
            })])
            : null;
}
