using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>The engines of this build. The one place that knows which there are.</summary>
internal static class EngineCatalog
{
    /// <summary>What new machines are started on, and images are built with.</summary>
    public static IEngine Default(MachinePaths paths) => new QemuEngine(paths);

    /// <summary>What a machine was last started on: another engine would find nothing running, and its disks would be taken for nobody's.</summary>
    /// <param name="state">The machine's state folder.</param>
    /// <exception cref="MachineException">This version does not know the engine.</exception>
    public static IEngine Of(MachinePaths paths, string state)
    {
        var engine = Default(paths);
        return !MachineRecord.TryRead(state, out var record) || record.Engine == engine.Name ? engine : throw new MachineException(
            $"{record.Id} was started on the engine {Tainted.Line(record.Engine)}, which this version of dotnet-machine does not know",
            "use the version that started it: dotnet tool update -g Machine.Tool",
            ExitCode.MachineUnavailable);
    }
}
