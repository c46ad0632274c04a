using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Images.Store;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;

namespace Machine.Tool.Supervision;

/// <summary>What the engine is to start for a project.</summary>
internal static class MachineSpecs
{
    // The project, packages and workspace, and as many again: most machines then fit one template.
    private const int LeastSlots = 6;

    public static MachineSpec Of(
        ProjectMachine folders, Machinefile machinefile, Image image, IReadOnlyList<VolumeDisk> disks, IReadOnlyDictionary<string, string> identity)
    {
        SharedFolder[] shares =
        [
            new(GuestLayout.ProjectTag, folders.Project.Path, ReadOnly: true),
            .. machinefile.Shares.Select((share, index) => new SharedFolder(GuestLayout.ShareTag(index), share.HostPath, !share.Write)),
        ];
        return new MachineSpec
        {
            Id = folders.Id.Text,
            Folder = folders.State,
            RuntimeFolder = folders.Runtime,
            Image = image.Boot,
            Cpus = machinefile.Cpus,
            MemoryBytes = machinefile.MemoryBytes,
            DiskBytes = machinefile.DiskBytes,
            Shares = shares,
            Volumes = disks,
            Identity = identity,
            Slots = Math.Max(LeastSlots, shares.Length + VolumeStore.AllOf(machinefile).Count),
            RequiresAccelerator = machinefile.RequiresAccelerator,
        };
    }
}
