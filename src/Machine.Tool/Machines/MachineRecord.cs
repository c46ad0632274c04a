using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>What is remembered of a machine in its state folder, whether it runs or not.</summary>
/// <param name="Project">The project's real path.</param>
/// <param name="ImageHash">The image it was last started from; null before the first start. Keeps the image from being pruned.</param>
/// <param name="Engine">The engine it was last started on.</param>
/// <param name="FreshVolumes">Volumes that were created and never yet mounted: they may be formatted, no other may.</param>
/// <param name="Prepared">The running guest was set up to the end: its workspace and volumes are mounted.</param>
/// <param name="WeaknessTold">That its processor is emulated was said once.</param>
/// <param name="TemplateKey">The warm template that it was thawed from; null after a boot or a stop.</param>
internal sealed record MachineRecord(
    int Version,
    string Id,
    string Project,
    string? ImageHash,
    string Engine,
    IReadOnlyList<string> FreshVolumes,
    bool Prepared,
    DateTimeOffset? Started,
    string? TemplateKey = null,
    bool WeaknessTold = false)
{
    public const int CurrentVersion = 1;

    private const string FileName = "machine.json";
    private static readonly JsonSerializerOptions Json = JsonState.Knowing(MachineTypes.Default);

    public static bool IsThere(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>Null where there is none.</summary>
    /// <exception cref="JsonException">It cannot be read.</exception>
    public static MachineRecord? Read(string folder) => JsonState.Read<MachineRecord>(Path.Combine(folder, FileName), Json) switch
    {
        { Id: null } or { Project: null } or { Engine: null } or { FreshVolumes: null } => throw new JsonException("a member is missing"),
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

        return new MachineRecord(CurrentVersion, project.MachineId.Text, project.Path, null, engine, [], false, null);
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
