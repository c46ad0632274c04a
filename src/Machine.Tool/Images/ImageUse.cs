using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images;

/// <summary>Which images and templates machines stand on: as each machine's state file says.</summary>
internal static class ImageUse
{
    /// <summary>Ids of the machines that use the image.</summary>
    public static IReadOnlyList<string> Machines(MachinePaths paths, string hash) => Machines(paths, "imageHash", hash);

    /// <summary>Ids of the machines that were thawed from the template and not stopped since.</summary>
    public static IReadOnlyList<string> MachinesOnTemplate(MachinePaths paths, string key) => Machines(paths, "templateKey", key);

    private static IReadOnlyList<string> Machines(MachinePaths paths, string property, string hash) =>
        Directory.Exists(paths.Machines)
            ? [.. Directory.EnumerateDirectories(paths.Machines).Where(folder => Uses(Path.Combine(folder, "machine.json"), property, hash)).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)]
            : [];

    private static bool Uses(string file, string property, string hash)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(property, out var value)
                && value.ValueKind == JsonValueKind.String
                && value.GetString() == hash;
        }
        catch (JsonException)
        {
            // A state file that nobody can read: keep whatever image it may speak of.
            return text.Contains(hash, StringComparison.Ordinal);
        }
    }
}
