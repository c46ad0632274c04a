using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>What is remembered of a machine in its state folder, whether it runs or not.</summary>
internal sealed record MachineRecord
{
    public const int CurrentVersion = 1;
    private const string FileName = "machine.json";
    private static readonly JsonSerializerOptions Json = JsonState.Knowing(MachineTypes.Default);

    public required int Version { get; init; }

    public required string Id { get; init; }

    /// <summary>The project's real path.</summary>
    public required string Project { get; init; }

    /// <summary>The image it was last started from; null before the first start. Keeps the image from being pruned.</summary>
    public string? ImageHash { get; init; }

    /// <summary>The engine it was last started on.</summary>
    public required string Engine { get; init; }

    /// <summary>Volumes that were created and never yet mounted: they may be formatted, no other may.</summary>
    public required IReadOnlyList<string> FreshVolumes { get; init; }

    /// <summary>The running guest was set up to the end: its workspace and volumes are mounted.</summary>
    public required bool Prepared { get; init; }

    public DateTimeOffset? Started { get; init; }

    /// <summary>The warm template that it was thawed from; null after a boot or a stop.</summary>
    public string? TemplateKey { get; init; }

    /// <summary>That its processor is emulated was said once.</summary>
    public bool WeaknessTold { get; init; }

    public static bool IsThere(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Null where there is none.</summary>
    /// <exception cref="JsonException">It cannot be read.</exception>
    public static MachineRecord? Read(string folder) => JsonState.Read<MachineRecord>(Path.Combine(folder, FileName), Json) switch
    {
        { Id: null } or { Project: null } or { Engine: null } or { FreshVolumes: null } => throw new JsonException("a member is null"),
        var record => record,
    };

    /// <returns>False where it is missing or cannot be read.</returns>
    public static bool TryRead(string folder, [NotNullWhen(true)] out MachineRecord? record)
    {
        try
        {
            record = Read(folder);
        }
        catch (JsonException)
        {
            record = null;
        }

        return record is not null;
    }

    /// <summary>Whether one that cannot be read may name a hash: whatever it may stand on is kept.</summary>
    public static bool MayName(string folder, string hash)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, FileName)).Contains(hash, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>One that cannot be read is written anew: everything in it can be found again.</summary>
    public static MachineRecord ReadOrNew(string folder, ProjectRoot project, string engine)
    {
        if (TryRead(folder, out var record) && record.Version == CurrentVersion)
        {
            return record with { Engine = engine };
        }

        return new MachineRecord
        {
            Version = CurrentVersion,
            Id = project.MachineId.Text,
            Project = project.Path,
            Engine = engine,
            FreshVolumes = [],
            Prepared = false,
        };
    }

    public MachineRecord Save(string folder)
    {
        JsonState.Write(Path.Combine(folder, FileName), this, Json);
        return this;
    }
}

/// <summary>What a short command reads of a machine at rest.</summary>
[JsonSerializable(typeof(MachineRecord))]
[JsonSerializable(typeof(ProjectMark))]
internal sealed partial class MachineTypes : JsonSerializerContext;
