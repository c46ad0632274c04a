using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Operations;

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

    /// <summary>Starts the machine where changes may wait.</summary>
    /// <returns>Null where nothing can wait.</returns>
    public static HeldChanges? Open(OpenedProject project, string display, IConsent consent, Func<IProgressSink> progress, CancellationToken cancel)
    {
        if (!MayWait(project))
        {
            return null;
        }

        var lease = StartMachine.Lease(project, display, consent, progress, cancel);
        return new HeldChanges(lease, project.OpenWorkspace(lease.Lease.Guest));
    }

    public static MachineException NothingAt(string path) => new($"no change waits at {Tainted.Line(path)}: no changes are held");

    // Nothing can wait where the machine never ran: changes lie on one of its volumes.
    private static bool MayWait(OpenedProject project) =>
        new VolumeStore(project.Folders, EngineCatalog.Of(project.Paths, project.Folders.State)).Has(VolumeStore.Workspace);

    public void Dispose() => lease.Dispose();
}
