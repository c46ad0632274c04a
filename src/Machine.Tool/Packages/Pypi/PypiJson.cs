using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Machine.Tool.Packages.Pypi;

/// <summary>Pages as JSON (PEP 691 and 700): of an index, as they are kept, and as a guest gets them.</summary>
internal static class PypiJson
{
    public const string Type = "application/vnd.pypi.simple.v1+json";

    /// <param name="page">Where it was read: addresses may be relative to it.</param>
    /// <exception cref="FeedException">It is none, or of a version that nobody knows.</exception>
    public static PypiPage Read(ReadOnlyMemory<byte> json, string name, Uri page)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.TryGetProperty("meta", out var meta) && Text(meta, "api-version") is { } version && !version.StartsWith("1.", StringComparison.Ordinal))
            {
                throw FeedException.Upstream($"the package index speaks version {version} of its protocol for {name}, which this tool does not know");
            }

            return new PypiPage(name, [.. document.RootElement.GetProperty("files").EnumerateArray().Select(file => FileOf(file, name, page)).OfType<PypiFile>()]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw FeedException.Upstream($"the package index sent no page for {name}", e);
        }
    }

    /// <param name="address">Where a file is found; null leaves it with the index.</param>
    public static ReadOnlyMemory<byte> Write(PypiPage page, Func<PypiFile, string>? address = null)
    {
        var json = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("meta");
            writer.WriteString("api-version", "1.0");
            writer.WriteEndObject();
            writer.WriteString("name", page.Name);
            writer.WriteStartArray("versions");
            foreach (var version in page.Files.Select(file => file.Version).Distinct(StringComparer.Ordinal))
            {
                writer.WriteStringValue(version);
            }

            writer.WriteEndArray();
            writer.WriteStartArray("files");
            foreach (var file in page.Files)
            {
                Write(writer, file, address?.Invoke(file) ?? file.Address.AbsoluteUri);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return json.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter writer, PypiFile file, string address)
    {
        writer.WriteStartObject();
        writer.WriteString("filename", file.Name);
        writer.WriteString("url", address);
        WriteHashes(writer, "hashes", file.Hashes);
        if (file.Metadata is { Count: > 0 } metadata)
        {
            // Under its newer name alone: pip 23.0 fails at the older one (PEP 714).
            WriteHashes(writer, "core-metadata", metadata);
        }
        else if (file.Metadata is not null)
        {
            writer.WriteBoolean("core-metadata", true);
        }

        if (file.RequiresPython is { } python)
        {
            writer.WriteString("requires-python", python);
        }

        if (file.Yanked is { Length: > 0 } reason)
        {
            writer.WriteString("yanked", reason);
        }
        else if (file.Yanked is not null)
        {
            writer.WriteBoolean("yanked", true);
        }

        if (file.Uploaded is { } uploaded)
        {
            writer.WriteString("upload-time", uploaded.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
        }

        if (file.Size is { } size)
        {
            writer.WriteNumber("size", size);
        }

        writer.WriteEndObject();
    }

    private static void WriteHashes(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> hashes)
    {
        writer.WriteStartObject(name);
        foreach (var (algorithm, digits) in hashes)
        {
            writer.WriteString(algorithm, digits);
        }

        writer.WriteEndObject();
    }

    // Null for one that pip would not take: another package's, or with an address that is none.
    private static PypiFile? FileOf(JsonElement file, string name, Uri page)
    {
        if (Text(file, "filename") is not { } fileName || PypiName.VersionOf(fileName, name) is not { } version || PypiAddress.Of(page, Text(file, "url")) is not { } address)
        {
            return null;
        }

        return PypiFile.OrNone(new PypiFile
        {
            Name = fileName,
            Version = version,
            Address = address,
            Hashes = file.TryGetProperty("hashes", out var hashes) ? HashesOf(hashes) : new Dictionary<string, string>(StringComparer.Ordinal),
            Metadata = MetadataOf(file, "core-metadata") ?? MetadataOf(file, "dist-info-metadata"),
            RequiresPython = Text(file, "requires-python"),
            Yanked = !file.TryGetProperty("yanked", out var yanked) ? null : yanked.ValueKind switch
            {
                JsonValueKind.True => "",
                JsonValueKind.String => yanked.GetString(),
                _ => null,
            },
            Uploaded = Text(file, "upload-time") is { } time && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null,
            Size = file.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes) && bytes >= 0 ? bytes : null,
        });
    }

    private static Dictionary<string, string>? MetadataOf(JsonElement file, string name) => !file.TryGetProperty(name, out var said) ? null : said.ValueKind switch
    {
        JsonValueKind.True => new Dictionary<string, string>(StringComparer.Ordinal),
        JsonValueKind.Object => HashesOf(said),
        _ => null,
    };

    private static Dictionary<string, string> HashesOf(JsonElement said)
    {
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var hash in said.ValueKind == JsonValueKind.Object ? said.EnumerateObject().Take(10).Where(hash => hash.Value.ValueKind == JsonValueKind.String) : [])
        {
            PypiHash.Add(hashes, hash.Name, hash.Value.GetString()!);
        }

        return hashes;
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
