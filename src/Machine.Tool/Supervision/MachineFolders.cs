using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>The places of one machine on this host.</summary>
internal sealed class MachineFolders(MachinePaths paths, ProjectRoot project)
{
    public ProjectRoot Project { get; } = project;

    public string Id => Project.MachineId;

    /// <summary>State that survives the machine: record, volumes, logs, identity.</summary>
    public string State { get; } = paths.MachineFolder(project.MachineId);

    /// <summary>Sockets.</summary>
    public string Runtime { get; } = paths.MachineRuntime(project.MachineId);

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

    public string SshControl => Path.Combine(Runtime, "ssh");

    /// <summary>Before anything in the socket folder is used.</summary>
    /// <exception cref="MachineException">Another user planted it.</exception>
    public void RequireOwnRuntime() => paths.RequireRuntime(Id);

    public MachineFolders Create()
    {
        MachinePaths.CreatePrivate(paths.Home);
        MachinePaths.CreatePrivate(State);
        MachinePaths.CreatePrivate(Volumes);
        MachinePaths.CreatePrivate(Logs);
        paths.CreateRuntime(Id);
        return this;
    }
}
