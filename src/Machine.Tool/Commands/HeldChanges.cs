using Machine.Tool.Control;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Commands;

/// <summary>The project's workspace for a look at what waits there; the machine runs as long as this is open.</summary>
internal sealed class HeldChanges : IDisposable
{
    private readonly ClientLease lease;

    private HeldChanges(ClientLease lease, Workspace workspace)
    {
        this.lease = lease;
        Workspace = workspace;
    }

    public Workspace Workspace { get; }

    /// <summary>Starts the machine where changes may wait: they lie on one of its volumes.</summary>
    /// <returns>Null where nothing can wait: the machine never ran.</returns>
    public static async Task<HeldChanges?> OpenAsync(ProjectCommand command, string verb, CancellationToken cancel)
    {
        if (!File.Exists(new VolumeStore(command.Folders, EngineCatalog.Of(command.Paths, command.Folders.State)).PathOf(VolumeStore.Workspace)))
        {
            return null;
        }

        var lease = await command.LeaseAsync(SupervisorClient.For(command.Paths, command.Project), verb, cancel);
        return new HeldChanges(lease, command.OpenWorkspace(lease.Lease.Guest));
    }

    public void Dispose() => lease.Dispose();
}
