using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Enclosure;

/// <summary>Settings of an editor that make it run the project's code when the folder, or a workspace in it, is opened.</summary>
internal static class EditorOpenings
{
    private const string Restore = "dotnet.projects.enableAutomaticRestore";

    // An editor that brings its own SDK or MSBuild asks no muxer.
    private static readonly string[] OwnSdk =
        ["omnisharp.sdkPath", "omnisharp.sdkVersion", "omnisharp.dotnetPath", "dotnet.dotnetPath", "dotnetAcquisitionExtension.existingDotnetPath", "dotnetAcquisitionExtension.sharedExistingDotnetPath"];

    public static IEnumerable<Opening> Of(string project) => Folder(Path.Combine(project, ".vscode")).Concat(Workspaces(project));

    private static IEnumerable<Opening> Folder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        var file = Path.Combine(folder, "settings.json");
        using var settings = Json(file);
        if (Member(settings?.RootElement, Restore) is not { ValueKind: JsonValueKind.False })
        {
            yield return Restores(file);
        }

        foreach (var opening in OwnSdks(file, settings?.RootElement))
        {
            yield return opening;
        }

        var tasks = Path.Combine(folder, "tasks.json");
        if (File.Exists(tasks) && Text(tasks).Contains("folderOpen", StringComparison.Ordinal))
        {
            yield return RunsTask(tasks);
        }
    }

    // One file with both; it need not repeat what the folder's settings say.
    private static IEnumerable<Opening> Workspaces(string project)
    {
        foreach (var file in Directory.EnumerateFiles(project, "*.code-workspace").Order(StringComparer.Ordinal))
        {
            using var workspace = Json(file);
            var settings = Member(workspace?.RootElement, "settings");
            if (Member(settings, Restore) is { ValueKind: not JsonValueKind.False })
            {
                yield return Restores(file);
            }

            foreach (var opening in OwnSdks(file, settings))
            {
                yield return opening;
            }

            if (Member(workspace?.RootElement, "tasks") is { } tasks && tasks.GetRawText().Contains("folderOpen", StringComparison.Ordinal))
            {
                yield return RunsTask(file);
            }
        }
    }

    private static Opening Restores(string file) =>
        new(file, "the C# extension restores on the host when this folder is opened; the net stops it, with an error in the editor", $"add \"{Restore}\": false");

    private static IEnumerable<Opening> OwnSdks(string file, JsonElement? settings) =>
        OwnSdk.Where(name => Member(settings, name) is not null)
            .Select(name => new Opening(file, $"{name} gives the editor an SDK of its own, past the shim; only the net holds", $"take {name} out"));

    private static Opening RunsTask(string file) =>
        new(file, "a task runs on the host as soon as this folder is opened", "take \"runOn\": \"folderOpen\" out");

    private static JsonElement? Member(JsonElement? json, string name) =>
        json is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(name, out var value) ? value : null;

    private static JsonDocument? Json(string file)
    {
        try
        {
            return JsonDocument.Parse(Text(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(string file)
    {
        try
        {
            return SmallFile.ReadText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
