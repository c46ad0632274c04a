using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Sdks;

/// <summary>The nearest <c>global.json</c>, read as the dotnet host reads it: what it cannot use, it ignores as a whole.</summary>
internal static class GlobalJson
{
    public const string FileName = "global.json";

    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>How a file is read that is to be obeyed or changed: a key that is there twice means one thing here and another to the muxer.</summary>
    public static JsonDocumentOptions Strict => Options with { AllowDuplicateProperties = false };

    /// <summary>The file at or above <paramref name="folder"/>, or null; one of another user ends the search.</summary>
    public static string? Find(string folder)
    {
        for (var at = Path.GetFullPath(folder); at is not null; at = Path.GetDirectoryName(at))
        {
            var file = Path.Combine(at, FileName);
            if (File.Exists(file))
            {
                return TrustedOwner.Flaw(file) is null ? file : null;
            }
        }

        return null;
    }

    /// <summary>Null where the file says something that the dotnet host would ignore with a warning.</summary>
    public static SdkPolicy? TryRead(string file)
    {
        try
        {
            using var json = JsonDocument.Parse(SmallFile.ReadText(file), Options);
            return !json.RootElement.TryGetProperty("sdk", out var sdk) || sdk.ValueKind == JsonValueKind.Null
                ? SdkPolicy.Latest
                : Read(sdk);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The version as it is written; null where there is none, or the file can't be read.</summary>
    public static string? Version(string file) =>
        InSdk(file, Options, sdk => sdk.TryGetProperty("version", out var version) && version.ValueKind == JsonValueKind.String ? version.GetString() : null);

    /// <summary>Where the muxer looks for SDKs (<c>sdk.paths</c>); null where there is no file, no such key, or nothing that can be read.</summary>
    public static IReadOnlyList<string>? Paths(string file) =>
        InSdk<IReadOnlyList<string>>(file, Strict, sdk => sdk.TryGetProperty("paths", out var paths) && paths.ValueKind == JsonValueKind.Array
            ? [.. paths.EnumerateArray().Select(path => path.ValueKind == JsonValueKind.String ? path.GetString()! : path.GetRawText())]
            : null);

    private static T? InSdk<T>(string file, JsonDocumentOptions options, Func<JsonElement, T?> read)
        where T : class
    {
        try
        {
            using var json = JsonDocument.Parse(SmallFile.ReadText(file), options);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("sdk", out var sdk) && sdk.ValueKind == JsonValueKind.Object
                ? read(sdk)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static SdkPolicy? Read(JsonElement sdk)
    {
        var policy = SdkPolicy.Latest;
        if (Text(sdk, "version") is { } text)
        {
            if (SdkVersion.TryParse(text) is not { } version)
            {
                return null;
            }

            policy = policy with { Requested = version, RollForward = RollForward.Patch };
        }

        if (Text(sdk, "rollForward") is { } name)
        {
            if (!name.All(char.IsAsciiLetter) || !Enum.TryParse<RollForward>(name, ignoreCase: true, out var rollForward)
                || (policy.Requested is null && rollForward != RollForward.LatestMajor))
            {
                return null;
            }

            policy = policy with { RollForward = rollForward };
        }

        if (sdk.TryGetProperty("allowPrerelease", out var allow) && allow.ValueKind != JsonValueKind.Null)
        {
            policy = policy with { AllowPrerelease = allow.GetBoolean() || policy.Requested?.IsPrerelease == true };
        }

        return policy;
    }

    private static string? Text(JsonElement sdk, string name) =>
        sdk.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw new JsonException(name)
            : null;
}
