using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces.Review;

/// <summary>What a person was last told of, as digests: the same news twice would flood a pipeline.</summary>
internal sealed record ToldChanges(int Version, string Held, string Refused)
{
    internal const int CurrentVersion = 1;
    private static readonly JsonSerializerOptions Json = JsonState.Knowing(ToldTypes.Default);

    public static ToldChanges Nothing { get; } = new(CurrentVersion, Digest([]), Digest([]));

    public static string FileIn(string machineFolder) => Path.Combine(machineFolder, "told.json");

    /// <summary>Whether a person was told of something that waited when a command last ended.</summary>
    public static bool Any(string machineFolder) => File.Exists(FileIn(machineFolder));

    public static ToldChanges Read(string file)
    {
        try
        {
            return JsonState.Read<ToldChanges>(file, Json) is { Version: CurrentVersion } told ? told : Nothing;
        }
        catch (JsonException)
        {
            return Nothing;
        }
    }

    public static string Digest(IEnumerable<Change> changes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var change in changes.OrderBy(change => change.Path, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{change.Path}\0{change.Kind}\0{change.Class}\0{change.SizeBytes}\0{change.Executable}\0{change.Conflict}\0{change.Reason}\0"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void SaveOver(ToldChanges before, string file)
    {
        if (this == Nothing)
        {
            File.Delete(file);
        }
        else if (this != before)
        {
            JsonState.Write(file, this, Json);
        }
    }
}

[JsonSerializable(typeof(ToldChanges))]
internal sealed partial class ToldTypes : JsonSerializerContext;
