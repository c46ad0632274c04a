using System.Globalization;
using System.Text.Json.Nodes;

namespace Machine.Tool.Packages;

/// <summary>
/// What entered a machine as a CycloneDX document (cyclonedx.org, version 1.6 in JSON). Written by hand: a few members of a flat list, and the
/// field's own library is not to be had from every feed. A test holds it against that library's validator.
/// </summary>
internal static class BillOfMaterials
{
    private static readonly Dictionary<string, string> Algorithms = new(StringComparer.Ordinal)
    {
        ["sha1"] = "SHA-1",
        ["sha256"] = "SHA-256",
        ["sha384"] = "SHA-384",
        ["sha512"] = "SHA-512",
    };

    /// <param name="entries">The machine's log; what was refused did not enter.</param>
    /// <param name="project">The project's name.</param>
    /// <param name="tool">This tool's version.</param>
    public static JsonObject Of(IEnumerable<PackageLogEntry> entries, string project, string tool)
    {
        var components = new JsonArray();
        var references = new HashSet<string>(StringComparer.Ordinal);
        // Each supervisor writes what it gave, so a package may be there many times.
        foreach (var entry in entries.Where(entry => entry.Refused is null).DistinctBy(entry => (entry.Kind, entry.Id, entry.Version, entry.Source, entry.Hash)))
        {
            var reference = Purl(entry);
            for (var twin = 2; !references.Add(reference); twin++)
            {
                reference = string.Create(CultureInfo.InvariantCulture, $"{Purl(entry)}#{twin}");
            }

            components.Add(Component(entry, reference));
        }

        return new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            ["serialNumber"] = $"urn:uuid:{Guid.NewGuid()}",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["timestamp"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                ["tools"] = new JsonObject { ["components"] = new JsonArray(new JsonObject { ["type"] = "application", ["name"] = "dotnet-machine", ["version"] = tool }) },
                ["component"] = new JsonObject { ["type"] = "application", ["name"] = project, ["bom-ref"] = "project" },
            },
            ["components"] = components,
        };
    }

    /// <summary>github.com/package-url/purl-spec: what is not a plain character is escaped, the scope's sign too.</summary>
    public static string Purl(PackageLogEntry entry) =>
        $"pkg:{entry.Kind}/{string.Join('/', entry.Id.Split('/').Select(Uri.EscapeDataString))}@{Uri.EscapeDataString(entry.Version)}";

    private static JsonObject Component(PackageLogEntry entry, string reference)
    {
        var component = new JsonObject { ["type"] = "library", ["bom-ref"] = reference };
        var slash = entry.Kind == "npm" && entry.Id.StartsWith('@') ? entry.Id.IndexOf('/', StringComparison.Ordinal) : -1;
        component["supplier"] = new JsonObject { ["name"] = entry.Source };
        if (slash > 0)
        {
            component["group"] = entry.Id[..slash];
        }

        component["name"] = entry.Id[(slash + 1)..];
        component["version"] = entry.Version;
        if (Hashes(entry.Hash) is { Count: > 0 } hashes)
        {
            component["hashes"] = hashes;
        }

        component["purl"] = Purl(entry);
        if (entry.Signature is { } signature)
        {
            component["properties"] = new JsonArray(new JsonObject { ["name"] = "machine:signature", ["value"] = signature });
        }

        return component;
    }

    // As npm writes it: one or more of algorithm, dash, base64, with blanks between.
    private static JsonArray Hashes(string? written)
    {
        var hashes = new JsonArray();
        foreach (var parts in (written ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('-', 2)).DistinctBy(parts => parts[0]))
        {
            var bytes = new byte[64];
            if (parts.Length == 2 && Algorithms.TryGetValue(parts[0], out var algorithm) && Convert.TryFromBase64String(parts[1].Split('?')[0], bytes, out var length)
                && length == algorithm switch { "SHA-1" => 20, "SHA-256" => 32, "SHA-384" => 48, _ => 64 })
            {
                hashes.Add(new JsonObject { ["alg"] = algorithm, ["content"] = Convert.ToHexStringLower(bytes.AsSpan(0, length)) });
            }
        }

        return hashes;
    }
}
