using System.Globalization;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Restore;

namespace Machine.Tool.Machinefiles;

/// <summary>
/// Makes the model of a document whose shapes are right, and checks what one value alone can't tell: clashes, and what is
/// really there on this host.
/// </summary>
internal sealed class MachinefileBinder(YamlMap document, ProjectRoot project, HostFacts host, Problems problems)
{
    private readonly MountBinder mounts = new(project, host, problems);

    public Machinefile Bind()
    {
        var (image, sha256) = Image();
        var tools = document.Find(MachinefileKeys.Tools.Name) as YamlMap;
        var workspace = document.Find(MachinefileKeys.Workspace.Name) as YamlMap;
        var docker = YamlValues.Text(document, MachinefileKeys.Docker) == "true";
        return new Machinefile
        {
            Image = image,
            ImageSha256 = sha256,
            Sdk = YamlValues.Text(document, MachinefileKeys.Sdk) ?? MachinefileDefaults.Sdk,
            Cpus = MachinefileDefaults.CpusOn(host, YamlValues.Text(document, MachinefileKeys.Cpus) is { } cpus ? int.Parse(cpus, CultureInfo.InvariantCulture) : MachinefileDefaults.Cpus),
            MemoryBytes = Memory(),
            DiskBytes = YamlValues.Size(document, MachinefileKeys.Disk) ?? MachinefileDefaults.DiskBytes,
            Packages = YamlValues.Texts(document, MachinefileKeys.Packages) ?? MachinefileDefaults.Packages,
            NpmTools = YamlValues.Texts(tools, MachinefileKeys.ToolsNpm) ?? [],
            DotnetTools = YamlValues.Texts(tools, MachinefileKeys.ToolsDotnet) ?? [],
            Docker = docker,
            Env = Env(),
            Ports = Ports(),
            Shares = mounts.Shares(document.Find(MachinefileKeys.Shares.Name) as YamlList),
            Volumes = mounts.Volumes(document.Find(MachinefileKeys.Volumes.Name) as YamlMap, docker ? (YamlScalar)document.Find(MachinefileKeys.Docker.Name)! : null),
            Workspace = new WorkspaceSettings(YamlValues.Texts(workspace, MachinefileKeys.Outputs) ?? MachinefileDefaults.Outputs, Changes(workspace)),
            Provision = Provision(),
            Idle = YamlValues.Time(document, MachinefileKeys.Idle) ?? (YamlValues.Text(document, MachinefileKeys.Idle) is null ? MachinefileDefaults.Idle : null),
            Network = Network(),
            Secrets = new SecretBinder(project, host, problems).Bind(document.Find(MachinefileKeys.Secrets.Name) as YamlMap),
            Restore = Restore(),
            RequiresAccelerator = YamlValues.Text(document, MachinefileKeys.Accelerator) == "required",
        };
    }

    private (string Image, string? Sha256) Image()
    {
        if (document.Find(MachinefileKeys.Image.Name) is not YamlMap disk)
        {
            return (YamlValues.Text(document, MachinefileKeys.Image) ?? MachinefileDefaults.Image, null);
        }

        var sha256 = YamlValues.Text(disk, MachinefileKeys.ImageSha256)!.ToLowerInvariant();
        if (disk.Find(MachinefileKeys.ImagePath.Name) is not YamlScalar path)
        {
            return (YamlValues.Text(disk, MachinefileKeys.ImageUrl)!, sha256);
        }

        var real = HostPath.Resolve(path, project, host, problems);
        if (real is not null && !File.Exists(real))
        {
            problems.Add(path, $"image.path: there is no file {Printable.Quote(real)}", "a qcow2 disk, by absolute path or relative to the project");
        }

        return (real ?? "", sha256);
    }

    private long Memory()
    {
        if (YamlValues.Size(document, MachinefileKeys.Memory) is not { } asked)
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
            if (GuestLayout.OwnPorts.Contains(port.Guest))
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

    private NetworkSettings Network()
    {
        var network = document.Find(MachinefileKeys.Network.Name) as YamlMap;
        return new NetworkSettings(Entries(MachinefileKeys.NetworkAllow), Entries(MachinefileKeys.NetworkDeny));

        List<NetworkEntry> Entries(Key key) => [.. ((network?.Find(key.Name) as YamlList)?.Items ?? []).Select(item => item is YamlMap map ? Entry(map) : new NetworkEntry(((YamlScalar)item).Value))];
    }

    private NetworkEntry Entry(YamlMap map)
    {
        var entry = new NetworkEntry(YamlValues.Text(map, MachinefileKeys.NetworkName)!, YamlValues.Text(map, MachinefileKeys.NetworkPrivate) == "true");
        if (entry.Private && NetworkPresets.IsService(entry.Rule))
        {
            problems.Add(map.Find(MachinefileKeys.NetworkPrivate.Name)!, $"network: {entry.Rule} is served by this host, and has no address that could be private", $"write {entry.Rule}");
        }

        return entry;
    }

    private RestoreSettings Restore()
    {
        var restore = document.Find(MachinefileKeys.Restore.Name) as YamlMap;
        return new RestoreSettings(
            YamlValues.Text(restore, MachinefileKeys.RestoreCooldown),
            YamlValues.Text(restore, MachinefileKeys.RestoreVulnerabilities),
            YamlValues.Texts(restore, MachinefileKeys.RestoreAllow),
            YamlValues.Texts(restore, MachinefileKeys.RestoreDeny));
    }

    private static int NextFree(Dictionary<int, int> taken, int port) =>
        Enumerable.Range(1, 65535).Select(i => ((port + i - 1) % 65535) + 1).First(candidate => candidate > 1023 && !taken.ContainsKey(candidate));

    private List<ProvisionScript> Provision()
    {
        var scripts = new List<ProvisionScript>();
        var left = ProvisionScript.MostBytes;
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
            else if (scripts.Exists(script => script.Path == relative))
            {
                problems.Add(item, $"provision: {Printable.Quote(relative)} is there twice", "remove one of them");
            }
            else
            {
                try
                {
                    var content = SmallFile.Read(real, ProvisionScript.MostBytes);
                    scripts.Add(ProvisionScript.Of(relative, content));
                    left -= content.Length;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    problems.Add(item, $"provision: {Printable.Quote(relative)} can't be read: {Printable.Escape(e.Message)}", "make it a readable file");
                }

                // A list of a thousand links to one file would be a thousand copies.
                if (left < 0)
                {
                    problems.Add(item, $"provision: the scripts have more than {ProvisionScript.MostBytes >> 20} MiB together", "let them fetch what they need");
                    break;
                }
            }
        }

        return scripts;
    }

    private static ChangesMode Changes(YamlMap? workspace) => YamlValues.Text(workspace, MachinefileKeys.Changes) switch
    {
        "hold" => ChangesMode.Hold,
        "apply" => ChangesMode.Apply,
        _ => ChangesMode.Ask,
    };
}
