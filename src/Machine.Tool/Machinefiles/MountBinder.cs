using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>Makes what is mounted in the guest beside the project: shares of the host's folders, and volumes.</summary>
internal sealed class MountBinder(ProjectRoot project, HostFacts host, Problems problems)
{
    private readonly GuestPlaces places = new(project, problems);

    public List<Share> Shares(YamlList? declared)
    {
        var shares = new List<Share>();
        foreach (var item in declared?.Items.Cast<YamlMap>() ?? [])
        {
            var write = YamlValues.Text(item, MachinefileKeys.ShareWrite) == "true";
            var guest = (YamlScalar)item.Find(MachinefileKeys.ShareGuest.Name)!;
            places.Take(guest);
            var from = (YamlScalar)item.Find(MachinefileKeys.ShareHost.Name)!;
            if (HostPath.Resolve(from, project, host, problems) is not { } folder)
            {
                continue;
            }

            if (SharedFolderRule.Check(folder, write, project, host) is { } flaw)
            {
                problems.Add(from, flaw);
            }
            else if (!Directory.Exists(folder))
            {
                problems.Add(from, $"shares: there is no folder {Printable.Quote(folder)}", "make it, or correct the path (it counts from the project's folder)");
            }

            if (SharedFolderRule.CheckTogether(folder, write, shares) is { } clash)
            {
                problems.Add(from, clash);
            }

            shares.Add(new Share(folder, guest.Value, write));
        }

        return shares;
    }

    /// <param name="docker">Where the file asks for Docker; null where it does not.</param>
    public Dictionary<string, Volume> Volumes(YamlMap? declared, YamlScalar? docker = null)
    {
        var volumes = new Dictionary<string, Volume>(StringComparer.Ordinal);
        var packages = declared?.Find(MachinefileDefaults.PackagesVolume);
        if (packages is not YamlScalar { Value: "none" })
        {
            var size = packages is YamlMap map ? YamlValues.Size(map, MachinefileKeys.PackagesVolumeSize) : null;
            volumes.Add(MachinefileDefaults.PackagesVolume, MachinefileDefaults.PackagesVolumeOf(size ?? MachinefileDefaults.PackagesVolumeBytes));
        }

        foreach (var (name, value) in declared?.Entries.Where(entry => entry.Key.Value != MachinefileDefaults.PackagesVolume) ?? [])
        {
            var volume = (YamlMap)value;
            var guest = (YamlScalar)volume.Find(MachinefileKeys.VolumeGuest.Name)!;
            places.Take(guest);
            volumes.Add(name.Value, new Volume(guest.Value, YamlValues.Size(volume, MachinefileKeys.VolumeSize) ?? MachinefileDefaults.VolumeBytes));
        }

        if (docker is not null && !volumes.Values.Any(volume => volume.GuestPath == GuestLayout.Docker))
        {
            if (declared?.Entries.FirstOrDefault(entry => entry.Key.Value == MachinefileDefaults.DockerVolume).Key is { } taken)
            {
                problems.Add(
                    taken,
                    $"volumes: {MachinefileDefaults.DockerVolume} is the volume of Docker's images (docker: true), and lies at {GuestLayout.Docker}",
                    $"give this one another name, or guest: {GuestLayout.Docker}");
                return volumes;
            }

            places.Take(docker with { Value = GuestLayout.Docker });
            volumes.Add(MachinefileDefaults.DockerVolume, new Volume(GuestLayout.Docker, MachinefileDefaults.DockerVolumeBytes));
        }

        return volumes;
    }
}
