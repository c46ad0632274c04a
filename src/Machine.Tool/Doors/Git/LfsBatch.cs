using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Machine.Tool.Doors.Git;

/// <summary>A file of git LFS: the SHA-256 of its bytes, and how many.</summary>
internal sealed record LfsObject(string Oid, long Size);

/// <summary>What the guest asks the server of git LFS: which files it wants, or wants to bring. Read strictly, and written anew.</summary>
/// <param name="Branch">For servers whose rights are by branch; null where it named none.</param>
internal sealed partial record LfsBatch(bool Upload, string? Branch, IReadOnlyList<LfsObject> Objects)
{
    /// <summary>Bytes of a question, and of its answer.</summary>
    public const int MostBytes = 4 << 20;

    // git LFS itself asks for a hundred at once.
    private const int MostObjects = 1000;
    private const int MostOfBranch = 500;

    /// <exception cref="GitException">It is none that this host serves.</exception>
    public static LfsBatch Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            var operation = root.GetProperty("operation").GetString();
            var branch = root.TryGetProperty("ref", out var reference) && reference.ValueKind == JsonValueKind.Object ? reference.GetProperty("name").GetString() : null;
            var objects = root.GetProperty("objects").EnumerateArray().Take(MostObjects + 1).Select(ObjectOf).ToList();
            return operation is not ("download" or "upload") ? throw Wrong("asks for neither a download nor an upload")
                : root.TryGetProperty("hash_algo", out var hash) && hash.GetString() != "sha256" ? throw Wrong("names files by another hash than SHA-256")
                : root.TryGetProperty("transfers", out var transfers) && !transfers.EnumerateArray().Any(one => one.GetString() == "basic") ? throw Wrong("wants another transfer than \"basic\"")
                : objects.Count > MostObjects ? throw Wrong($"asks for more than {MostObjects} files at once")
                : objects.Contains(null) || branch?.Length > MostOfBranch ? throw Wrong("names a file or a branch that is none")
                : new LfsBatch(operation == "upload", branch, objects!);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new GitException("machine: this is no question of git LFS", denied: true, e);
        }
    }

    /// <summary>The question in our own writing.</summary>
    public byte[] ToJson()
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("operation", Upload ? "upload" : "download");
            writer.WriteStartArray("transfers");
            writer.WriteStringValue("basic");
            writer.WriteEndArray();
            if (Branch is not null)
            {
                writer.WriteStartObject("ref");
                writer.WriteString("name", Branch);
                writer.WriteEndObject();
            }

            writer.WriteStartArray("objects");
            foreach (var one in Objects)
            {
                writer.WriteStartObject();
                writer.WriteString("oid", one.Oid);
                writer.WriteNumber("size", one.Size);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteString("hash_algo", "sha256");
            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    private static LfsObject? ObjectOf(JsonElement one) =>
        one.GetProperty("oid").GetString() is { } oid && Oid().IsMatch(oid) && one.GetProperty("size").GetInt64() is >= 0 and var size ? new LfsObject(oid, size) : null;

    private static GitException Wrong(string what) => new($"machine: this question of git LFS {what}", denied: true);

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Oid();
}
