using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>What of this host decides how a Machinefile is read.</summary>
/// <param name="Cpus">Processors this process may use.</param>
/// <param name="MemoryBytes">Memory in bytes, of the container where there is one.</param>
/// <param name="Home">The user's home folder, links resolved.</param>
/// <param name="State">Folders of this tool, which no guest may ever see.</param>
internal sealed record HostFacts(int Cpus, long MemoryBytes, string Home, IReadOnlyList<string> State)
{
    /// <summary>Bytes that this user may still write where disks of machines lie.</summary>
    public long FreeDiskBytes { get; init; } = long.MaxValue;

    public static HostFacts Current()
    {
        var paths = MachinePaths.FromEnvironment();
        return new HostFacts(
            Environment.ProcessorCount,
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            ProjectRoot.RealPath(UserHome.Known ?? paths.Home),
            [ProjectRoot.RealPath(paths.Home), ProjectRoot.RealPath(paths.Runtime)])
        {
            FreeDiskBytes = FreeBytes(paths.Home),
        };
    }

    // The nearest folder that exists: state is made when it is first needed.
    private static long FreeBytes(string folder)
    {
        try
        {
            var there = folder;
            while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { } above)
            {
                there = above;
            }

            return new DriveInfo(there).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue;
        }
    }
}
