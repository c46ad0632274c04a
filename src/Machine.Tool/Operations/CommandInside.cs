using System.Text;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Outputs;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Operations;

/// <summary>What was brought of a command's outputs and what waits, and the workspace from which the rest can be applied.</summary>
internal sealed record BroughtBack(OpenedProject Project, Workspace Workspace, ChangeReport Report);

/// <summary>
/// One command inside, from its order to what it wrote being brought back. Where the machine runs, this process orders the command,
/// starts ssh and waits: all else is the supervisor's, which is warm.
/// </summary>
internal sealed class CommandInside : IDisposable
{
    private readonly ClientLease lease;
    private readonly IReadOnlyList<byte[]> arguments;
    private readonly PreparedExec prepared;
    private ClientLease? another;

    private CommandInside(ClientLease lease, IReadOnlyList<byte[]> arguments)
    {
        this.lease = lease;
        this.arguments = arguments;
        prepared = lease.Lease.Prepared
            ?? throw new MachineException("this machine was started by another version of dotnet-machine", "dotnet machine stop", ExitCode.MachineUnavailable);
    }

    /// <summary>Starts or finds the machine, and has it keep what is to be run.</summary>
    /// <param name="arguments">Program and arguments, byte for byte.</param>
    /// <param name="variables">Variables of this command alone; null passes the host's value.</param>
    /// <param name="beforeStart">Called before a supervisor is started.</param>
    /// <param name="progress">Asked for when there is something to show.</param>
    /// <exception cref="MachineException">Nobody approved what the Machinefile asks, an output's place lies outside, or the machine does not start.</exception>
    public static CommandInside Order(
        IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> variables, IConsent consent, Action beforeStart, Func<IProgressSink> progress, CancellationToken cancel)
    {
        var directory = ProjectRoot.RealPath(Environment.CurrentDirectory);
        var project = ProjectRoot.Find(directory);
        var client = SupervisorClient.For(MachinePaths.FromEnvironment(), project);
        var request = new ExecRequest(Display(arguments), ExecOrder.Here(directory, arguments, variables, MachinefileReader.TextOf(project)));
        if (!client.IsThere)
        {
            // Before a supervisor is started, for what may be refused.
            beforeStart();
            Check(arguments, consent);
        }

        var lease = client.Lease(request, progress, cancel);
        if (lease is null)
        {
            Check(arguments, consent);
            lease = client.Lease(request, progress, cancel)
                ?? throw new MachineException("the Machinefile changed meanwhile, and asks for what nobody approved", "dotnet machine start --approve", ExitCode.MachineUnavailable);
        }

        try
        {
            if (lease.Lease.Stale)
            {
                progress().Note(OpenedProject.StaleMachine);
            }

            return new CommandInside(lease, arguments);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <returns>The command's own exit code.</returns>
    /// <exception cref="MachineException">The connection was lost, or somebody stopped the machine.</exception>
    public int Run(ICommandStreams streams) => new RemoteExecution(lease, streams).Run(prepared.Line);

    /// <summary>What was denied to the machine while the command ran, where <see cref="Bring"/> asked for it; null where that was nothing, or nobody knows.</summary>
    public DeniedConnections? Denied { get; private set; }

    /// <summary>The command has ended, however it did; what it wrote is brought back even when it failed.</summary>
    /// <param name="consent">For the start of a machine whose supervisor was killed meanwhile, as is <paramref name="progress"/>.</param>
    /// <param name="asksDenied">Also what was denied meanwhile is asked for.</param>
    /// <returns>Null where the machine has nothing to tell.</returns>
    public BroughtBack? Bring(IConsent consent, Func<IProgressSink> progress, bool asksDenied)
    {
        ExecEnd? end;
        try
        {
            end = lease.Done(asksDenied);
            Denied = end?.Denied;
        }
        catch (IOException)
        {
            // The supervisor was killed while the command ran; the machine lives, and another one adopts it. Or it could not write (a full disk): then the reason is met here.
            return BringWithAnotherAsync(consent, progress).GetAwaiter().GetResult();
        }

        if (end?.Failure is { } failure)
        {
            throw new MachineException(failure.Message, failure.Remedy, failure.ExitCode);
        }

        if (end?.Report is not { } report)
        {
            return null;
        }

        var project = OpenedProject.Here();
        return new BroughtBack(project, project.OpenWorkspace(lease.Lease.Guest), report);
    }

    public void Dispose()
    {
        lease.Dispose();
        another?.Dispose();
    }

    private static void Check(IReadOnlyList<byte[]> arguments, IConsent consent)
    {
        var opened = OpenedProject.Here();
        MachineProject.Require(opened.Folders);
        PlanApproval.Require(opened, consent);
        new OutputPlaces(opened.Project.Path, opened.Directory, opened.Machinefile).Of(arguments);
    }

    private static string Display(IReadOnlyList<byte[]> arguments)
    {
        var text = string.Join(' ', arguments.Select(Encoding.UTF8.GetString));
        return Tainted.Line(text.Length > 200 ? text[..200] + "…" : text);
    }

    private async Task<BroughtBack> BringWithAnotherAsync(IConsent consent, Func<IProgressSink> progress)
    {
        var opened = OpenedProject.Here();
        another = StartMachine.Lease(opened, "bring outputs", consent, progress, CancellationToken.None);
        var outputs = new OutputPlaces(opened.Project.Path, opened.Directory, opened.Machinefile).Of(arguments);
        var workspace = opened.OpenWorkspace(another.Lease.Guest);
        progress().Step("bringing outputs");
        return new BroughtBack(opened, workspace, await workspace.CollectAsync(prepared.Begun, CancellationToken.None, outputs));
    }
}
