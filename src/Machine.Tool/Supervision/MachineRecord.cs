using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

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
    private static readonly JsonSerializerOptions Json = JsonState.Knowing(SupervisionTypes.Default);

    public static MachineRecord? Read(string folder) => JsonState.Read<MachineRecord>(Path.Combine(folder, FileName), Json);

    public static MachineRecord ReadOrNew(string folder, ProjectRoot project, string engine)
    {
        try
        {
            if (Read(folder) is { Version: CurrentVersion } record)
            {
                return record with { Engine = engine };
            }
        }
        catch (JsonException)
        {
            // Unreadable: everything in it can be found again, so it is written anew.
        }

        return new MachineRecord(CurrentVersion, project.MachineId, project.Path, null, engine, [], false, null);
    }

    public MachineRecord Save(string folder)
    {
        JsonState.Write(Path.Combine(folder, FileName), this, Json);
        return this;
    }
}
