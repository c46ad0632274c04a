using Machine.Tool.Packages;

namespace Machine.Tool.Supervision;

/// <summary>What entered a machine through its feed, for those who may not know the feed itself.</summary>
internal static class EnteredPackages
{
    public static IReadOnlyList<PackageLogEntry> Of(MachineFolders machine) => [.. PackageLog.Read(machine.PackagesLog)];
}
