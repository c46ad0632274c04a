using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Workspaces.Host;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Paths;

namespace Machine.Tool.Workspaces.Review;

/// <summary>
/// The ledger as a file: JSON, member by member. A serializer would first look into the types, and that takes longer than all else
/// that a short command does on the host (docs/measured.md).
/// </summary>
internal static class LedgerFile
{
    // By their numbers.
    private static readonly string[] Kinds = ["missing", "file", "link", "folder", "other", "blocked"];

    /// <returns>Null where there is none, or one that this version did not write.</returns>
    public static ChangeLedger.Content? TryRead(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException
            or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }

    public static void Write(string path, ChangeLedger.Content content) => JsonState.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("version", content.Version);
        json.WriteString("upperId", content.UpperId);
        if (content.LastListed is { } listed)
        {
            json.WriteString("lastListed", listed);
        }

        json.WriteStartObject("brought");
        foreach (var (file, brought) in content.Brought)
        {
            json.WriteStartObject(file.Text);
            Write(json, "guest", brought.Guest);
            Write(json, "host", brought.Host);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("held");
        foreach (var (file, held) in content.Held)
        {
            json.WriteStartObject(file.Text);
            Write(json, "host", held.Host);
            json.WriteBoolean("born", held.Born);
            Write(json, "compared", held.Compared);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    });

    public static Dictionary<ProjectPath, ArrivingFile> ReadArriving(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            using var document = JsonDocument.Parse(stream);
            return Files(document.RootElement).DistinctBy(file => file.Path).ToDictionary(file => file.Path, file => new ArrivingFile(file.Value[0].GetInt64(), file.Value[1].GetInt64()));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            return [];
        }
    }

    public static void WriteArriving(string path, IEnumerable<(ProjectPath Path, ArrivingFile File)> files) => JsonState.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        foreach (var (name, file) in files)
        {
            json.WriteStartArray(name.Text);
            json.WriteNumberValue(file.SizeBytes);
            json.WriteNumberValue(file.ModifiedNs);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    });

    private static ChangeLedger.Content Read(JsonElement root)
    {
        var content = new ChangeLedger.Content(
            root.GetProperty("version").GetInt32(),
            root.GetProperty("upperId").GetString(),
            root.TryGetProperty("lastListed", out var listed) && listed.ValueKind == JsonValueKind.String ? listed.GetDateTimeOffset() : null,
            [],
            []);
        foreach (var (file, brought) in Files(root.GetProperty("brought")))
        {
            content.Brought[file] = new BroughtFile(Stamp(brought, "guest"), Fingerprint(brought, "host"));
        }

        foreach (var (file, held) in Files(root.GetProperty("held")))
        {
            var host = Fingerprint(held, "host") ?? throw new FormatException("a held change without its host's file");
            content.Held[file] = new HeldBase(host, held.GetProperty("born").GetBoolean(), Stamp(held, "compared"));
        }

        return content;
    }

    // A path that this version does not take is nobody's.
    private static IEnumerable<(ProjectPath Path, JsonElement Value)> Files(JsonElement files)
    {
        foreach (var file in files.EnumerateObject())
        {
            if (ProjectPath.From(file.Name) is { } path)
            {
                yield return (path, file.Value);
            }
        }
    }

    private static GuestStamp? Stamp(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var stamp) && stamp.ValueKind == JsonValueKind.Object
            ? new GuestStamp(stamp.GetProperty("sizeBytes").GetInt64(), stamp.GetProperty("modifiedNs").GetInt64(), stamp.GetProperty("changedNs").GetInt64())
            : null;

    private static HostFingerprint? Fingerprint(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var file) && file.ValueKind == JsonValueKind.Object
            ? new HostFingerprint(
                Array.IndexOf(Kinds, file.GetProperty("kind").GetString()) is >= 0 and var kind ? (HostKind)kind : throw new FormatException("a kind of file that is none"),
                file.GetProperty("sizeBytes").GetInt64(),
                file.GetProperty("modifiedNs").GetInt64(),
                file.TryGetProperty("sha256", out var hash) ? hash.GetString() : null,
                file.TryGetProperty("changedNs", out var changed) ? changed.GetInt64() : null)
            : null;

    private static void Write(Utf8JsonWriter json, string name, GuestStamp? stamp)
    {
        if (stamp is not null)
        {
            json.WriteStartObject(name);
            json.WriteNumber("sizeBytes", stamp.SizeBytes);
            json.WriteNumber("modifiedNs", stamp.ModifiedNs);
            json.WriteNumber("changedNs", stamp.ChangedNs);
            json.WriteEndObject();
        }
    }

    private static void Write(Utf8JsonWriter json, string name, HostFingerprint? file)
    {
        if (file is not null)
        {
            json.WriteStartObject(name);
            json.WriteString("kind", Kinds[(int)file.Kind]);
            json.WriteNumber("sizeBytes", file.SizeBytes);
            json.WriteNumber("modifiedNs", file.ModifiedNs);
            json.WriteString("sha256", file.Sha256);
            if (file.ChangedNs is { } changed)
            {
                json.WriteNumber("changedNs", changed);
            }

            json.WriteEndObject();
        }
    }
}
