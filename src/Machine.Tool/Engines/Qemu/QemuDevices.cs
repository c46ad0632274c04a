namespace Machine.Tool.Engines.Qemu;

/// <summary>
/// Shares and volumes as devices, each in a port of its own: only there can they be plugged in and out while the machine
/// runs. A device is its properties; <c>driver</c> comes first.
/// </summary>
internal static class QemuDevices
{
    public static string Share(int index) => $"share{index}";

    public static string Volume(int index) => $"volume{index}";

    /// <summary>The devices that the machine has when its process starts.</summary>
    public static IEnumerable<Dictionary<string, string>> AtStart(MachineSpec spec, QemuLaunch launch) =>
        launch.Thaw ? (launch.VolumesPlugged ? Volumes(spec) : []) : Shares(spec).Concat(Volumes(spec));

    /// <summary>The devices that a thawed machine gets before it goes on: a machine is frozen without shares.</summary>
    public static IEnumerable<Dictionary<string, string>> AfterThaw(MachineSpec spec, QemuLaunch launch) =>
        launch.VolumesPlugged ? Shares(spec) : Shares(spec).Concat(Volumes(spec));

    public static IEnumerable<Dictionary<string, string>> Shares(MachineSpec spec) => Shares([.. spec.Shares.Select(share => share.Tag)]);

    public static IEnumerable<Dictionary<string, string>> Shares(IReadOnlyList<string> tags) => tags.Select((tag, index) => new Dictionary<string, string>
    {
        ["driver"] = "virtio-9p-pci",
        ["id"] = ShareDevice(index),
        ["bus"] = $"port{index}",
        ["fsdev"] = Share(index),
        ["mount_tag"] = tag,
    });

    public static string ShareDevice(int index) => $"{Share(index)}-device";

    private static IEnumerable<Dictionary<string, string>> Volumes(MachineSpec spec) => spec.Volumes.Select((volume, index) => new Dictionary<string, string>
    {
        ["driver"] = "virtio-blk-pci",
        ["id"] = $"{Volume(index)}-device",
        ["bus"] = $"port{spec.Shares.Count + index}",
        ["drive"] = Volume(index),
        ["serial"] = volume.Serial,
    });
}
