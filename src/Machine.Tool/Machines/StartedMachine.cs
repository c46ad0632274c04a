using System.Text.Json;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Machines;

/// <summary>
/// As what a machine was started, in <c>started.json</c> of its state folder: it is adopted, suspended and resumed as that,
/// whatever its Machinefile says meanwhile.
/// </summary>
internal sealed record StartedMachine(int Version, MachineSpec Spec, Machinefile Machinefile, string MachinefileHash)
{
    public const int CurrentVersion = 1;

    private const string FileName = "started.json";

    /// <summary>Without the scripts of its image, which is built, and without its secrets, which are as the file says now.</summary>
    public static StartedMachine Of(MachineSpec spec, Machinefile machinefile) =>
        new(CurrentVersion, spec, machinefile with { Provision = [], Secrets = [] }, machinefile.Sha256);

    /// <summary>Null where nothing was started, or it cannot be read.</summary>
    public static StartedMachine? Read(string state)
    {
        try
        {
            return JsonState.Read<StartedMachine>(Path.Combine(state, FileName)) is { Version: CurrentVersion } started ? started : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public StartedMachine Save(string state)
    {
        JsonState.Write(Path.Combine(state, FileName), this);
        return this;
    }
}
