using Machine.Tool.Engines;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>The engines of this build. The one place that knows which there are.</summary>
internal static class EngineCatalog
{
    public static IEngine Create(MachinePaths paths) => new QemuEngine(paths);
}
