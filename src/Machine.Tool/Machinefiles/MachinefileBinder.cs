using System.Globalization;

using Machine.Tool.Guest;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Makes the model of a document whose shapes are right, and checks what one value alone can't tell: clashes, and what is
/// really there on this host.
/// </summary>
internal sealed class MachinefileBinder(YamlMap document, ProjectRoot project, HostFacts host, Problems problems)
{
    private readonly GuestPlaces places = new(project, problems);

    public Machinefile Bind()
    {
        var (image, sha256) = Image();
        var tools = document.Find(MachinefileKeys.Tools.Name) as YamlMap;
        var workspace = document.Find(MachinefileKeys.Workspace.Name) as YamlMap;
        return new Machinefile(
            image,
            sha256,
            Text(document, MachinefileKeys.Sdk) ?? MachinefileDefaults.Sdk,
            MachinefileDefaults.CpusOn(host, Text(document, MachinefileKeys.Cpus) is { } cpus ? int.Parse(cpus, CultureInfo.InvariantCulture) : MachinefileDefaults.Cpus),
            Memory(),
            Size(document, MachinefileKeys.Disk) ?? MachinefileDefaults.DiskBytes,
            Texts(document, MachinefileKeys.Packages) ?? MachinefileDefaults.Packages,
            Texts(tools, MachinefileKeys.ToolsNpm) ?? [],
            Texts(tools, MachinefileKeys.ToolsDotnet) ?? [],
            Env(),
            Ports(),
            Shares(),
            Volumes(),
            new WorkspaceSettings(Texts(workspace, MachinefileKeys.Outputs) ?? MachinefileDefaults.Outputs, Changes(workspace)),
            Provision());
    }

    private (string Image, string? Sha256) Image()
    {
        if (document.Find(MachinefileKeys.Image.Name) is not YamlMap disk)
        {
            return (Text(document, MachinefileKeys.Image) ?? MachinefileDefaults.Image, null);
        }

        var sha256 = Text(disk, MachinefileKeys.ImageSha256)!.ToLowerInvariant();
        if (disk.Find(MachinefileKeys.ImagePath.Name) is not YamlScalar path)
        {
            return (Text(disk, MachinefileKeys.ImageUrl)!, sha256);
        }

        var real = OnHost(path);
        if (real is not null && !File.Exists(real))
        {
            problems.Add(path, $"image.path: there is no file {Printable.Quote(real)}", "a qcow2 disk, by absolute path or relative to the project");
        }

        return (real ?? "", sha256);
    }

    private long Memory()
    {
        if (Size(document, MachinefileKeys.Memory) is not { } asked)
        {
            return MachinefileDefaults.MemoryOn(host);
        }

        if (asked > host.MemoryBytes)
        {
            problems.Add(
                document.Find(MachinefileKeys.Memory.Name)!,
                $"memory: {ByteSize.Format(asked)} is more than this host has ({host.MemoryBytes / ByteSize.MiB} MiB)",
                "write less, or leave the key out");
        }

        return asked;
    }

    private Dictionary<string, string?> Env() =>
        (document.Find(MachinefileKeys.Env.Name) as YamlMap)?.Entries.ToDictionary(
            entry => entry.Key.Value,
            entry => entry.Value is YamlScalar { IsNull: false } value ? value.Value : null,
            StringComparer.Ordinal) ?? [];

    private List<PortForward> Ports()
    {
        var first = new Dictionary<int, int>();
        var ports = new List<PortForward>();
        foreach (var item in (document.Find(MachinefileKeys.Ports.Name) as YamlList)?.Items.Cast<YamlScalar>() ?? [])
        {
            var port = PortShape.Parse(item.Value);
            if (port.Guest == GuestLayout.ServicePort)
            {
                problems.Add(item, $"ports: the guest's port {port.Guest} is the machine's own", "let the program in the guest listen on another one");
            }

            if (!first.TryAdd(port.Host, item.Line))
            {
                problems.Add(item, $"ports: the host's port {port.Host} is taken twice, first in line {first[port.Host]}", $"choose another: \"{NextFree(first, port.Host)}:{port.Guest}\"");
            }

            ports.Add(port);
        }

        return ports;
    }

    private static int NextFree(Dictionary<int, int> taken, int port) =>
        Enumerable.Range(1, 65535).Select(i => ((port + i - 1) % 65535) + 1).First(candidate => candidate > 1023 && !taken.ContainsKey(candidate));

    private List<Share> Shares()
    {
        var shares = new List<Share>();
        foreach (var item in (document.Find(MachinefileKeys.Shares.Name) as YamlList)?.Items.Cast<YamlMap>() ?? [])
        {
            var write = Text(item, MachinefileKeys.ShareWrite) == "true";
            var guest = (YamlScalar)item.Find(MachinefileKeys.ShareGuest.Name)!;
            places.Take(guest);
            var from = (YamlScalar)item.Find(MachinefileKeys.ShareHost.Name)!;
            if (OnHost(from) is not { } folder)
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

            shares.Add(new Share(folder, guest.Value, write));
        }

        return shares;
    }

    private Dictionary<string, Volume> Volumes()
    {
        var volumes = new Dictionary<string, Volume>(StringComparer.Ordinal);
        var declared = document.Find(MachinefileKeys.Volumes.Name) as YamlMap;
        var packages = declared?.Find(MachinefileDefaults.PackagesVolume);
        if (packages is not YamlScalar { Value: "none" })
        {
            var size = packages is YamlMap map ? Size(map, MachinefileKeys.PackagesVolumeSize) : null;
            volumes.Add(MachinefileDefaults.PackagesVolume, MachinefileDefaults.PackagesVolumeOf(size ?? MachinefileDefaults.PackagesVolumeBytes));
        }

        foreach (var (name, value) in declared?.Entries.Where(entry => entry.Key.Value != MachinefileDefaults.PackagesVolume) ?? [])
        {
            var volume = (YamlMap)value;
            var guest = (YamlScalar)volume.Find(MachinefileKeys.VolumeGuest.Name)!;
            places.Take(guest);
            volumes.Add(name.Value, new Volume(guest.Value, Size(volume, MachinefileKeys.VolumeSize) ?? MachinefileDefaults.VolumeBytes));
        }

        return volumes;
    }

    private List<string> Provision()
    {
        var scripts = new List<string>();
        foreach (var item in (document.Find(MachinefileKeys.Provision.Name) as YamlList)?.Items.Cast<YamlScalar>() ?? [])
        {
            var relative = item.Value.StartsWith("./", StringComparison.Ordinal) ? item.Value[2..] : item.Value;
            var real = ProjectRoot.RealPath(Path.Combine(project.Path, relative));
            if (!real.StartsWith(Path.TrimEndingDirectorySeparator(project.Path) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                problems.Add(item, $"provision: {Printable.Quote(relative)} is a link that leaves the project", "make it a file of the project");
            }
            else if (!File.Exists(real))
            {
                problems.Add(item, $"provision: there is no file {Printable.Quote(relative)} in the project", "make it, or correct the path (it counts from the project's folder)");
            }
            else if (scripts.Contains(relative, StringComparer.Ordinal))
            {
                problems.Add(item, $"provision: {Printable.Quote(relative)} is there twice", "remove one of them");
            }

            scripts.Add(relative);
        }

        return scripts;
    }

    /// <summary>The real path on this host, or null (and a problem) where there can be none.</summary>
    private string? OnHost(YamlScalar path)
    {
        try
        {
            var text = path.Value == "~" || path.Value.StartsWith("~/", StringComparison.Ordinal) ? host.Home + path.Value[1..] : path.Value;
            return ProjectRoot.RealPath(Path.Combine(project.Path, text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(path, $"{Printable.Quote(path.Value)}: {Printable.Escape(e.Message)}", "a folder or file of this host");
            return null;
        }
    }

    private static ChangesMode Changes(YamlMap? workspace) => Text(workspace, MachinefileKeys.Changes) switch
    {
        "hold" => ChangesMode.Hold,
        "apply" => ChangesMode.Apply,
        _ => ChangesMode.Ask,
    };

    private static string? Text(YamlMap? map, Key key) => (map?.Find(key.Name) as YamlScalar)?.Value;

    private static List<string>? Texts(YamlMap? map, Key key) =>
        (map?.Find(key.Name) as YamlList)?.Items.Cast<YamlScalar>().Select(item => item.Value).ToList();

    private static long? Size(YamlMap map, Key key) => Text(map, key) is { } text ? ByteSize.TryParse(text) : null;
}
