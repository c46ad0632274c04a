using System.Buffers;
using System.Text.Json;
using Machine.Tool.Packages.Rules;

namespace Machine.Tool.Packages;

/// <summary>Where the registry keeps a version's file.</summary>
/// <param name="Integrity">As the registry published it, <c>sha512-…</c>; npm in the guest checks the file against it.</param>
internal sealed record NpmTarball(Uri Address, string? Integrity);

/// <summary>A package's document of the registry, with its files' addresses turned into ours.</summary>
/// <param name="Json">For the guest.</param>
/// <param name="Tarballs">By version, for us.</param>
internal sealed record NpmDocument(ReadOnlyMemory<byte> Json, IReadOnlyDictionary<string, NpmTarball> Tarballs)
{
    /// <summary>What the rules keep out: not in the document, and not among the files.</summary>
    public NpmJudgement Judgement { get; private init; } = NpmJudgement.None;

    /// <summary>Copied token by token: the largest documents have tens of megabytes, and a tree of objects would be ten times that.</summary>
    /// <exception cref="FeedException">The registry sent something else.</exception>
    /// <param name="judge">Why a version may not enter, by its date of publication; null where every one may.</param>
    public static NpmDocument Rewrite(byte[] upstream, string name, string address, Func<string, DateTimeOffset?, Refusal?>? judge = null)
    {
        try
        {
            using var document = JsonDocument.Parse(upstream);
            var judgement = NpmJudgement.Of(document.RootElement, judge);
            var tarballs = new Dictionary<string, NpmTarball>(StringComparer.Ordinal);
            var json = new ArrayBufferWriter<byte>(upstream.Length + 1024);
            using (var writer = new Utf8JsonWriter(json))
            {
                writer.WriteStartObject();
                foreach (var property in document.RootElement.EnumerateObject())
                {
                    if (property.NameEquals("versions"))
                    {
                        writer.WriteStartObject("versions");
                        WriteVersions(writer, property.Value, judgement, name, address, tarballs);
                        writer.WriteEndObject();
                    }
                    else if (judgement.Refused.Count > 0 && property.Name is "dist-tags" or "time" && property.Value.ValueKind == JsonValueKind.Object)
                    {
                        writer.WriteStartObject(property.Name);
                        WritePassing(writer, property.Value, judgement, isTags: property.Name == "dist-tags");
                        writer.WriteEndObject();
                    }
                    else
                    {
                        property.WriteTo(writer);
                    }
                }

                writer.WriteEndObject();
            }

            return new NpmDocument(json.WrittenMemory, tarballs) { Judgement = judgement };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw FeedException.Upstream($"the npm registry sent no package document for {name}", e);
        }
    }

    private static void WritePassing(Utf8JsonWriter writer, JsonElement members, NpmJudgement judgement, bool isTags)
    {
        foreach (var member in members.EnumerateObject())
        {
            var version = isTags && member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Name;
            if (!judgement.Refused.ContainsKey(version))
            {
                member.WriteTo(writer);
            }
            else if (isTags && judgement.InsteadOf(version) is { } instead)
            {
                writer.WriteString(member.Name, instead);
            }
        }
    }

    private static void WriteVersions(Utf8JsonWriter writer, JsonElement versions, NpmJudgement judgement, string name, string address, Dictionary<string, NpmTarball> tarballs)
    {
        foreach (var version in versions.EnumerateObject())
        {
            // Without a file, or with an address that is none, it can't be installed: left out.
            if (!NpmRequest.IsVersion(version.Name)
                || judgement.Refused.ContainsKey(version.Name)
                || !version.Value.TryGetProperty("dist", out var dist)
                || !Uri.TryCreate(dist.GetProperty("tarball").GetString(), UriKind.Absolute, out var tarball)
                || tarball.Scheme is not ("http" or "https"))
            {
                continue;
            }

            var integrity = dist.TryGetProperty("integrity", out var published) && published.ValueKind == JsonValueKind.String ? published.GetString() : null;
            tarballs[version.Name] = new NpmTarball(tarball, integrity);
            writer.WriteStartObject(version.Name);
            foreach (var property in version.Value.EnumerateObject().Where(property => !property.NameEquals("dist")))
            {
                property.WriteTo(writer);
            }

            writer.WriteStartObject("dist");
            foreach (var property in dist.EnumerateObject().Where(property => !property.NameEquals("tarball")))
            {
                property.WriteTo(writer);
            }

            writer.WriteString("tarball", $"{address}/npm/{NpmRequest.TarballPath(name, version.Name)}");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }
}
