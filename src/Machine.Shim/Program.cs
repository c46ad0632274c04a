using Machine.Shim.Unix;
using Machine.Shim.Windows;

namespace Machine.Shim;

/// <summary>
/// What the muxer takes for an SDK in a machine project: hands the whole command line to dotnet-machine, which runs it
/// inside. It starts with every dotnet command, so it touches no Console, no Process and no LINQ: each costs milliseconds.
/// </summary>
internal static class Program
{
    public static int Main(string[] args) =>
        // AppContext, not Assembly.Location: no reflection. The folder is .machine/sdk/VERSION/.
        OperatingSystem.IsWindows() ? ChildProcess.Run(AppContext.BaseDirectory, args) : Replacement.Run(AppContext.BaseDirectory, args);
}
