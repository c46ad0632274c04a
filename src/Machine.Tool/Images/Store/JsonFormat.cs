using System.Text.Json;

namespace Machine.Tool.Images.Store;

/// <summary>Tells a description of an earlier version of this tool from a broken one and from a later one's.</summary>
internal static class JsonFormat
{
    /// <summary>False also where the file can't be read.</summary>
    public static bool IsBelow(string file, string property, int version)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.TryGetProperty(property, out var format) && format.TryGetInt32(out var number) && number < version;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
