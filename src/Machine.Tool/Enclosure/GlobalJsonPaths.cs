using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>Reads <c>sdk.paths</c>, where the muxer looks for SDKs.</summary>
internal static class GlobalJsonPaths
{
    /// <summary>Null where there is no file, no such key, or nothing that can be read.</summary>
    public static IReadOnlyList<string>? Of(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(SmallFile.ReadText(file), GlobalJsonEdit.Reading);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("sdk", out var sdk) && sdk.ValueKind == JsonValueKind.Object
                && sdk.TryGetProperty("paths", out var paths) && paths.ValueKind == JsonValueKind.Array
                ? [.. paths.EnumerateArray().Select(path => path.ValueKind == JsonValueKind.String ? path.GetString()! : path.GetRawText())]
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
