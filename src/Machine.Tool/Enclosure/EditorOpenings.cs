using System.Text.Json;

namespace Machine.Tool.Enclosure;

/// <summary>Settings of an editor that make it run the project's code when the folder is opened.</summary>
internal static class EditorOpenings
{
    // An editor that brings its own SDK or MSBuild asks no muxer.
    private static readonly string[] OwnSdk =
        ["omnisharp.sdkPath", "omnisharp.sdkVersion", "omnisharp.dotnetPath", "dotnet.dotnetPath", "dotnetAcquisitionExtension.existingDotnetPath", "dotnetAcquisitionExtension.sharedExistingDotnetPath"];

    public static IEnumerable<Opening> Of(string project)
    {
        var folder = Path.Combine(project, ".vscode");
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        var file = Path.Combine(folder, "settings.json");
        using var settings = Json(file);
        if (Member(settings, "dotnet.projects.enableAutomaticRestore") is not { ValueKind: JsonValueKind.False })
        {
            yield return new Opening(file, "the C# extension restores on the host when this folder is opened; the net stops it, with an error in the editor", "add \"dotnet.projects.enableAutomaticRestore\": false");
        }

        foreach (var name in OwnSdk.Where(name => Member(settings, name) is not null))
        {
            yield return new Opening(file, $"{name} gives the editor an SDK of its own, past the shim; only the net holds", $"take {name} out");
        }

        var tasks = Path.Combine(folder, "tasks.json");
        if (File.Exists(tasks) && Text(tasks).Contains("folderOpen", StringComparison.Ordinal))
        {
            yield return new Opening(tasks, "a task runs on the host as soon as this folder is opened", "take \"runOn\": \"folderOpen\" out");
        }
    }

    private static JsonElement? Member(JsonDocument? json, string name) =>
        json?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(name, out var value) ? value : null;

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
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
