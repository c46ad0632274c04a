using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Sdks;

namespace Machine.Tool.Enclosure;

/// <summary>Makes a global.json lead to the shim and to nothing else; its policy, its comments and its other keys stay.</summary>
internal static class GlobalJsonEdit
{
    /// <summary>What the muxer prints where <c>.machine</c> is missing: a fresh clone, mostly.</summary>
    public const string ErrorMessage = "This project builds inside its machine, which is not set up on this computer yet. Type: dotnet-machine start   (with the hyphen; dotnet machine needs the setup already)";

    // Exactly this: with $host$ beside it the muxer would take a host's SDK wherever the shim's version does not fit.
    private const string Paths = $"[\"{ShimFolder.Name}\"]";

    /// <param name="text">Null: there is none yet.</param>
    /// <param name="version">The version that the project gets, for a file that names none.</param>
    /// <exception cref="MachineException">The file is one that dotnet would ignore as a whole: it would then use this host's SDK.</exception>
    public static string Edit(string? text, string version, string file)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            text = "{\n  \"sdk\": {\n    \"version\": \"" + version + "\",\n    \"rollForward\": \"latestFeature\"\n  }\n}\n";
        }

        try
        {
            using var json = JsonDocument.Parse(text, GlobalJson.Strict);
            var named = Names(json.RootElement, "version");
            if (!named)
            {
                text = JsonEdit.Set(text, ["sdk", "version"], Quoted(version));
            }

            if (!named && !Names(json.RootElement, "rollForward"))
            {
                text = JsonEdit.Set(text, ["sdk", "rollForward"], Quoted("latestFeature"));
            }

            text = JsonEdit.Set(text, ["sdk", "paths"], Paths);
            return JsonEdit.Set(text, ["sdk", "errorMessage"], Quoted(ErrorMessage));
        }
        catch (JsonException e)
        {
            throw new MachineException($"{file} can't be read, and dotnet would ignore it: {e.Message}", "correct it, then: dotnet-machine init", ExitCode.Failed, e);
        }
    }

    private static bool Names(JsonElement root, string key) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("sdk", out var sdk) && sdk.ValueKind == JsonValueKind.Object && sdk.TryGetProperty(key, out _);

    // No character of ours needs an escape.
    private static string Quoted(string text) => $"\"{text}\"";
}
