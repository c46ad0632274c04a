using System.Text.Json;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Machinefiles;

/// <summary>What a project's files tell about the machine it needs. They are only read: nothing of the project is evaluated.</summary>
/// <param name="GlobalJsonSdk">The version that global.json pins; null where there is none or it can't be read.</param>
/// <param name="HasGlobalJson">There is a global.json.</param>
/// <param name="HasGit">It is a git working tree.</param>
/// <param name="HasNode">Some folder has a package.json.</param>
/// <param name="Ports">Ports of the launch profiles, in order.</param>
internal sealed record ProjectSurvey(string? GlobalJsonSdk, bool HasGlobalJson, bool HasGit, bool HasNode, IReadOnlyList<int> Ports)
{
    private const int MostPorts = 32;
    private const long LargestFile = 1 << 20;

    // Outputs and other people's code: nothing in them describes this project.
    private static readonly HashSet<string> Skipped = new(["bin", "obj", "node_modules", "artifacts", "packages", "TestResults"], StringComparer.OrdinalIgnoreCase);

    public static ProjectSurvey Of(string folder)
    {
        var hasNode = false;
        var ports = new SortedSet<int>();
        foreach (var here in FolderWalk.Of(folder, Skipped))
        {
            hasNode |= File.Exists(Path.Combine(here, "package.json"));
            ports.UnionWith(LaunchPorts(Path.Combine(here, "Properties", "launchSettings.json")));
        }

        var git = Path.Combine(folder, ".git");
        var globalJson = Path.Combine(folder, "global.json");
        return new ProjectSurvey(
            PinnedSdk(globalJson), File.Exists(globalJson), Directory.Exists(git) || File.Exists(git), hasNode, [.. ports.Take(MostPorts)]);
    }

    // Only what the reader itself takes: the text goes into a comment of the file that init writes.
    private static string? PinnedSdk(string path) =>
        GlobalJson.Version(path) is { } version && ((TextShape)MachinefileKeys.Sdk.Shape).Check(version) is null && char.IsAsciiDigit(version[0]) && !version.EndsWith('\n')
            ? version
            : null;

    private static IEnumerable<int> LaunchPorts(string path)
    {
        using var json = Json(path);
        if (json?.RootElement is not { ValueKind: JsonValueKind.Object } root
            || !root.TryGetProperty("profiles", out var profiles) || profiles.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        return [.. profiles.EnumerateObject()
            .Where(profile => profile.Value.ValueKind == JsonValueKind.Object
                && profile.Value.TryGetProperty("applicationUrl", out var url) && url.ValueKind == JsonValueKind.String)
            .SelectMany(profile => profile.Value.GetProperty("applicationUrl").GetString()!.Split(';', StringSplitOptions.TrimEntries))
            .Select(Port)
            .Where(port => port is > 0 and <= 65535 && !GuestLayout.OwnPorts.Contains(port))];
    }

    // No Uri: the host may be * or +, which Kestrel takes and Uri does not.
    private static int Port(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        var authority = scheme < 0 ? "" : url[(scheme + 3)..].Split('/')[0];
        return int.TryParse(authority[(authority.LastIndexOf(':') + 1)..], System.Globalization.NumberStyles.None, null, out var port) ? port : 0;
    }

    /// <summary>Tolerant, as the SDK's own readers are: comments, trailing commas, byte order mark. Null for anything else.</summary>
    private static JsonDocument? Json(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists || file.Length is 0 or > LargestFile || file.LinkTarget is not null)
            {
                return null;
            }

            // A reader of text drops the byte order mark, which the JSON reader would refuse.
            return JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
