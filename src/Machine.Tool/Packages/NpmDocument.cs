using System.Text.Json;
using System.Text.Json.Nodes;

namespace Machine.Tool.Packages;

/// <summary>Where the registry keeps a version's file.</summary>
/// <param name="Integrity">As the registry published it, <c>sha512-…</c>; npm in the guest checks the file against it.</param>
internal sealed record NpmTarball(Uri Address, string? Integrity);

/// <summary>A package's document of the registry, with its files' addresses turned into ours.</summary>
/// <param name="Json">For the guest.</param>
/// <param name="Tarballs">By version, for us.</param>
internal sealed record NpmDocument(byte[] Json, IReadOnlyDictionary<string, NpmTarball> Tarballs)
{
    /// <exception cref="FeedException">The registry sent something else.</exception>
    public static NpmDocument Rewrite(byte[] upstream, string name, string address)
    {
        try
        {
            var document = JsonNode.Parse(upstream)!.AsObject();
            var tarballs = new Dictionary<string, NpmTarball>(StringComparer.Ordinal);
            var versions = document["versions"] as JsonObject ?? [];
            foreach (var (version, manifest) in versions.ToList())
            {
                if (manifest?["dist"] is JsonObject dist
                    && NpmRequest.IsVersion(version)
                    && Uri.TryCreate(dist["tarball"]?.GetValue<string>(), UriKind.Absolute, out var tarball)
                    && tarball.Scheme is "http" or "https")
                {
                    tarballs[version] = new NpmTarball(tarball, dist["integrity"]?.GetValue<string>());
                    dist["tarball"] = $"{address}/npm/{NpmRequest.TarballPath(name, version)}";
                }
                else
                {
                    // Nothing to download, or an address that is none: it can't be installed.
                    versions.Remove(version);
                }
            }

            return new NpmDocument(JsonSerializer.SerializeToUtf8Bytes(document), tarballs);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            throw FeedException.Upstream($"the npm registry sent no package document for {name}", e);
        }
    }
}
