using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Machine.Tool.Hosting;

/// <summary>Logs that programs and people read: one JSON document a line, without members that are null.</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions Options = new(JsonState.Options)
    {
        WriteIndented = false,
        // People and grep read these files: base64's plus signs stay plus signs.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static void Append<T>(string path, T entry) => File.AppendAllText(path, JsonSerializer.Serialize(entry, Options) + "\n");

    /// <summary>Reads what was written, the oldest first; a line cut off by a crash is left out. None where the file is missing.</summary>
    public static IEnumerable<T> Read<T>(string path)
        where T : class
    {
        foreach (var line in File.Exists(path) ? File.ReadLines(path) : [])
        {
            T? entry;
            try
            {
                entry = JsonSerializer.Deserialize<T>(line, Options);
            }
            catch (JsonException)
            {
                continue;
            }

            if (entry is not null)
            {
                yield return entry;
            }
        }
    }
}
