using Machine.Tool.Control;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Doors.Git;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Outputs;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Supervision;

/// <summary>A client's order, from the check of what it asks for until its outputs are on the host.</summary>
internal sealed class OrderedExec : IDisposable
{
    private readonly ProjectMachine folders;
    private readonly MachinePaths paths;
    private readonly ExecOrder order;
    private readonly Machinefile machinefile;
    private readonly ProjectSources sources;
    private readonly IReadOnlyList<string> outputs;
    private RunningMachine? machine;
    private Workspace? workspace;
    private DeniedWatch? denied;
    private DateTimeOffset begun;

    private OrderedExec(ProjectMachine folders, MachinePaths paths, ExecOrder order, Machinefile machinefile, ProjectSources sources)
    {
        this.folders = folders;
        this.paths = paths;
        this.order = order;
        this.machinefile = machinefile;
        this.sources = sources;
        outputs = new OutputPlaces(folders.Project.Path, order.Directory, machinefile).Of(order.Arguments);
    }

    /// <summary>Looks at the Machinefile as it is now, before anything is started for it.</summary>
    /// <returns>Null where it asks for what nobody approved.</returns>
    /// <exception cref="MachineException">The Machinefile has a flaw, or the command names a place for output that the machine can't write.</exception>
    public static OrderedExec? Check(ProjectMachine folders, MachinePaths paths, ExecOrder order)
    {
        var machinefile = MachinefileReader.Read(folders.Project);
        var approvals = new ApprovalStore(paths);
        var plan = approvals.PlanOf(machinefile, folders.Project);
        if (!approvals.IsApproved(folders.Project, plan))
        {
            return null;
        }

        approvals.Remember(folders.Project, plan);
        return new OrderedExec(folders, paths, order, machinefile, plan.Sources);
    }

    /// <param name="token">Of the lease.</param>
    /// <exception cref="MachineException">The guest does not forget what the host removed, or the command line is too long.</exception>
    public async Task<PreparedExec> PrepareAsync(RunningMachine running, string token, CancellationToken cancel)
    {
        machine = running;
        denied = running.WatchDenied();
        running.Use(sources, machinefile.Restore);
        running.Take(order.Environment);
        workspace = Workspace.Open(folders.Project, paths, machinefile.Workspace, running.Changes, running.Lower);
        var user = HostUser.Current;
        var variables = GuestEnvironment.For(machinefile, user, order);
        GitRewrites.Add(variables, running.Rules, GuestLayout.GitUrl);
        var command = new GuestCommand(order.Directory, variables, order.Arguments).Order(user);
        // Before the client can start ssh, and while the workspace is looked at: it is there when exec.pl looks for it.
        await running.Orders.SendAsync(token, command, cancel);
        begun = await workspace.PrepareAsync(cancel);
        return new PreparedExec(GuestCommand.Line(token), begun);
    }

    /// <summary>Starts the listing of changes in the guest; it waits there until a command ends.</summary>
    public void GetReady() => workspace!.GetReady(outputs);

    /// <summary>Brings the outputs. Goes on when the client goes.</summary>
    /// <param name="tellsDenied">The client wants to know what was denied meanwhile.</param>
    /// <returns>Null where there is nothing to tell.</returns>
    public async Task<ExecEnd?> EndAsync(bool tellsDenied)
    {
        var told = tellsDenied && denied is { IsEmpty: false } watch ? Of(await watch.SettledAsync()) : null;
        try
        {
            var report = await workspace!.CollectAsync(begun, CancellationToken.None, outputs);
            GetReady();
            var tells = report.All.Any() || ToldChanges.Any(folders.State);
            return tells || told is not null ? new ExecEnd(tells ? report : null, null, told) : null;
        }
        catch (MachineException e)
        {
            var stopped = await Task.WhenAny(machine!.Machine.Exited, Task.Delay(TimeLimit.Settle(2))) == machine.Machine.Exited;
            return new ExecEnd(
                null,
                stopped
                    ? new ControlFailure("the machine was stopped before the command's outputs were brought; they are held and come with the next command", null, ExitCode.MachineUnavailable)
                    : new ControlFailure(e.Message, e.Remedy, e.ExitCode),
                told);
        }
    }

    public void Dispose() => denied?.Dispose();

    private static DeniedConnections Of(DeniedSummary summary) => new(
        [.. summary.Servers.Select(one => new DeniedServer(one.Entry.Server, one.Entry.Port, one.Times, one.Entry.Wish, one.Entry.Asker?.Program, one.Entry.Reason))],
        summary.Beyond);
}
