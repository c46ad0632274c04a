using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Machines;

/// <summary>The places of one machine on this host.</summary>
internal class MachineFolders(MachinePaths paths, MachineId id)
{
    public MachinePaths Paths { get; } = paths;

    public MachineId Id { get; } = id;

    /// <summary>State that survives the machine: record, volumes, logs, identity.</summary>
    public string State { get; } = paths.MachineFolder(id);

    /// <summary>Sockets.</summary>
    public string Runtime { get; } = paths.MachineRuntime(id);

    public string Volumes => Path.Combine(State, "volumes");

    public string Logs => Path.Combine(State, "logs");

    public string SupervisorLog => Path.Combine(Logs, "supervisor.log");

    public string PackagesLog => Path.Combine(State, "packages.log");

    /// <summary>Held by the supervisor as long as it lives.</summary>
    public string SupervisorLock => Path.Combine(State, "supervisor.lock");

    /// <summary>The control API; for the host's user only.</summary>
    public string ControlSocket => Path.Combine(Runtime, "api");

    /// <summary>What the guest may talk to: the package feed. Never the control API.</summary>
    public string GuestSocket => Path.Combine(Runtime, "feed");

    /// <summary>The door: connections of the guest to servers that its rules name. Never the control API.</summary>
    public string DoorSocket => Path.Combine(Runtime, "door");

    public string NetworkLog => Path.Combine(State, "network.log");

    /// <summary>What its models took today.</summary>
    public string Tokens => Path.Combine(State, "tokens.json");

    /// <summary>What a person allowed until the machine stops.</summary>
    public string NetworkOnce => Path.Combine(State, "network-once.json");

    public string SshControl => Path.Combine(Runtime, "ssh");

    /// <summary>Sockets of a machine or of its supervisor are there; a machine that ended in peace leaves no more than a log.</summary>
    public bool HasLeftovers =>
        Directory.Exists(Runtime) && Directory.EnumerateFileSystemEntries(Runtime).Any(entry => !entry.EndsWith(".log", StringComparison.Ordinal));

    /// <summary>Before anything in the socket folder is used.</summary>
    /// <exception cref="MachineException">Another user planted it.</exception>
    public void RequireOwnRuntime() => Paths.RequireRuntime(Id);

    /// <summary>Who the machine is; keys that are missing are made.</summary>
    public async Task<GuestIdentity> IdentityAsync(CancellationToken cancel) =>
        await GuestIdentity.EnsureAsync(Path.Combine(State, "identity"), await SshKey.EnsureLoginAsync(Paths, cancel), Id.Text, cancel);
}

/// <summary>The machine of a project.</summary>
internal sealed class ProjectMachine(MachinePaths paths, ProjectRoot project) : MachineFolders(paths, project.MachineId)
{
    public ProjectRoot Project { get; } = project;

    /// <exception cref="MachineException">A place can't be written, or another user planted it.</exception>
    public ProjectMachine Create()
    {
        MachinePaths.CreatePrivate(Paths.Home);
        MachinePaths.CreatePrivate(State);
        MachinePaths.CreatePrivate(Volumes);
        MachinePaths.CreatePrivate(Logs);
        Paths.CreateRuntime(Id);
        return this;
    }
}
