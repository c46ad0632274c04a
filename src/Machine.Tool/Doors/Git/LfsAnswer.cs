using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Machine.Tool.Hosting;

namespace Machine.Tool.Doors.Git;

/// <summary>A file that the server lets this host read or write, and how.</summary>
/// <param name="Kind"><c>download</c>, <c>upload</c> or <c>verify</c>.</param>
/// <param name="Headers">The server's, for that address alone: often a key. They stay on this host.</param>
internal sealed record LfsAction(LfsObject Object, string Kind, Uri Address, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    // A record would print the headers.
    public override string ToString() => Kind;
}

/// <summary>What the server answers to a batch, with its addresses turned into this door's and its headers left out.</summary>
internal static partial class LfsAnswer
{
    private const int MostHeaders = 30;
    private const int MostOfHeaders = 16 * 1024;
    private const int MostOfAddress = 8 * 1024;
    private const int MostOfMessage = 500;

    private static readonly string[] Kinds = ["download", "upload", "verify"];

    // What frames a request, or is the connection's, is this host's to write.
    private static readonly HashSet<string> Ours = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Expect", "TE", "Trailer", "Proxy-Authorization", "Proxy-Connection", "Keep-Alive", "Range", "Accept-Encoding",
    };

    /// <param name="asked">What was asked for: files that were not are left out.</param>
    /// <param name="give">Keeps an action, and says where the guest finds it.</param>
    /// <exception cref="GitException">It is no answer.</exception>
    public static byte[] Rewrite(ReadOnlyMemory<byte> json, LfsBatch asked, string server, Func<LfsAction, string> give)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            var root = document.RootElement;
            if (root.TryGetProperty("transfer", out var transfer) && transfer.ValueKind == JsonValueKind.String && transfer.GetString() is not ("" or "basic"))
            {
                throw new GitException($"machine: {server} wants another transfer of git LFS than \"basic\"", denied: false);
            }

            var wanted = asked.Objects.ToDictionary(one => one.Oid, StringComparer.Ordinal);
            var answer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(answer))
            {
                writer.WriteStartObject();
                writer.WriteString("transfer", "basic");
                writer.WriteStartArray("objects");
                foreach (var one in root.GetProperty("objects").EnumerateArray())
                {
                    // Its size is what the guest's repository says: the server's word could be another.
                    if (wanted.Remove(one.GetProperty("oid").GetString() ?? "", out var file))
                    {
                        Write(writer, one, file, asked.Upload, give);
                    }
                }

                writer.WriteEndArray();
                writer.WriteString("hash_algo", "sha256");
                writer.WriteEndObject();
            }

            return answer.WrittenSpan.ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new GitException($"machine: {server} does not answer as a server of git LFS", denied: false, e);
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement one, LfsObject file, bool upload, Func<LfsAction, string> give)
    {
        writer.WriteStartObject();
        writer.WriteString("oid", file.Oid);
        writer.WriteNumber("size", file.Size);
        // Else the guest's git LFS would look for a credential of its own.
        writer.WriteBoolean("authenticated", true);
        if (one.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject("error");
            writer.WriteNumber("code", error.TryGetProperty("code", out var code) && code.TryGetInt32(out var number) && number is >= 400 and < 600 ? number : 500);
            var message = error.TryGetProperty("message", out var said) && said.ValueKind == JsonValueKind.String ? Tainted.Line(said.GetString()!) : "";
            writer.WriteString("message", message.Length > MostOfMessage ? message[..MostOfMessage] : message);
            writer.WriteEndObject();
        }
        else if (one.TryGetProperty("actions", out var actions) && actions.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject("actions");
            foreach (var kind in Kinds.Where(kind => upload == (kind != "download")))
            {
                if (actions.TryGetProperty(kind, out var action) && action.ValueKind == JsonValueKind.Object)
                {
                    writer.WriteStartObject(kind);
                    writer.WriteString("href", give(ActionOf(action, kind, file)));
                    writer.WriteEndObject();
                }
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static LfsAction ActionOf(JsonElement action, string kind, LfsObject file)
    {
        var text = action.GetProperty("href").GetString();
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps || address.UserInfo.Length > 0)
        {
            throw new GitException($"machine: the server keeps a file of git LFS at an address that is not https: {Tainted.Line(address?.GetLeftPart(UriPartial.Authority) ?? "none")}", denied: true);
        }

        var headers = new List<KeyValuePair<string, string>>();
        if (action.TryGetProperty("header", out var header) && header.ValueKind == JsonValueKind.Object)
        {
            headers.AddRange(header.EnumerateObject().Take(MostHeaders)
                .Where(one => one.Value.ValueKind == JsonValueKind.String && HeaderName().IsMatch(one.Name) && !Ours.Contains(one.Name) && !one.Value.GetString()!.Any(char.IsControl))
                .Select(one => KeyValuePair.Create(one.Name, one.Value.GetString()!)));
        }

        if (address.OriginalString.Length > MostOfAddress || headers.Sum(one => one.Key.Length + one.Value.Length) > MostOfHeaders)
        {
            throw new GitException("machine: the server names an address or headers for a file of git LFS that are longer than they can be", denied: false);
        }

        return new LfsAction(file, kind, address, headers);
    }

    [GeneratedRegex(@"^[A-Za-z0-9-]{1,100}\z")]
    private static partial Regex HeaderName();
}
