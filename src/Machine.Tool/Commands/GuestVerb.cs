using Machine.Tool.Commands.Streams;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Hosting.Output;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Operations;
using Machine.Tool.Workspaces.Outputs;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Commands;

/// <summary>
/// Runs one command inside and brings its outputs back. Every verb that executes code is this. Where the machine runs, this process
/// orders the command, starts ssh and waits: all else is the supervisor's, which is warm.
/// </summary>
internal static class GuestVerb
{
    /// <param name="arguments">Program and arguments, byte for byte.</param>
    /// <param name="variables">Variables of this command alone; null passes the host's value.</param>
    /// <param name="raw">Its output passes as it is, also to a terminal or a pipeline.</param>
    /// <returns>The command's own exit code.</returns>
    public static int Run(IReadOnlyList<byte[]> arguments, IReadOnlyDictionary<string, string?> variables, bool raw = false)
    {
        var directory = ProjectRoot.RealPath(Environment.CurrentDirectory);
        var project = ProjectRoot.Find(directory);
        var client = SupervisorClient.For(MachinePaths.FromEnvironment(), project);
        using var lease = Lease(client, new ExecRequest(Display(arguments), ExecOrder.Here(directory, arguments, variables, MachinefileReader.TextOf(project))));
        var prepared = lease.Lease.Prepared
            ?? throw new MachineException("this machine was started by another version of dotnet-machine", "dotnet machine stop", ExitCode.MachineUnavailable);
        var code = new RemoteExecution(lease, new GuestOutput(raw || Pipeline.IsRaw)).Run(prepared.Line);

        // The command has ended, however it did; what it wrote is brought back even when it failed.
        if (Bring(lease, arguments, prepared.Begun) is { } report)
        {
            var opened = OpenedProject.Here();
            ChangesView.AfterCommandAsync(opened, opened.OpenWorkspace(lease.Lease.Guest), report).GetAwaiter().GetResult();
        }

        return code;
    }

    private static void Check(IReadOnlyList<byte[]> arguments)
    {
        var opened = OpenedProject.Here();
        MachineProject.Require(opened.Folders);
        PlanApproval.Require(opened, ConsoleConsent.Of());
        new OutputPlaces(opened.Project.Path, opened.Directory, opened.Machinefile).Of(arguments);
    }

    private static ClientLease Lease(SupervisorClient client, ExecRequest request)
    {
        // Heeded until the lease is there: from then on Ctrl+C is the command's.
        using var interrupts = new Interrupts();
        ProgressView? progress = null;
        try
        {
            if (!client.IsThere)
            {
                // Before a supervisor is started, for what may be refused.
                interrupts.Heed();
                Check(request.Order!.Arguments);
            }

            var lease = client.Lease(request, Progress, interrupts.Token);
            if (lease is null)
            {
                Check(request.Order!.Arguments);
                lease = client.Lease(request, Progress, interrupts.Token)
                    ?? throw new MachineException("the Machinefile changed meanwhile, and asks for what nobody approved", "dotnet machine start --approve", ExitCode.MachineUnavailable);
            }

            if (lease.Lease.Stale)
            {
                Progress().Note(OpenedProject.StaleMachine);
            }

            return lease;
        }
        finally
        {
            progress?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        // Whoever waits for a start sees it, and may give it up.
        IProgressSink Progress()
        {
            interrupts.Heed();
            return progress ??= ProgressView.Create();
        }
    }

    private static ChangeReport? Bring(ClientLease lease, IReadOnlyList<byte[]> arguments, DateTimeOffset begun)
    {
        try
        {
            return lease.Done() is not { } end ? null
                : end.Failure is { } failure ? throw new MachineException(failure.Message, failure.Remedy, failure.ExitCode)
                : end.Report;
        }
        catch (IOException)
        {
            // The supervisor was killed while the command ran; the machine lives, and another one adopts it. Or it could not write (a full disk): then the reason is met here.
            return BringWithAnotherAsync(arguments, begun).GetAwaiter().GetResult();
        }
    }

    private static async Task<ChangeReport> BringWithAnotherAsync(IReadOnlyList<byte[]> arguments, DateTimeOffset begun)
    {
        var opened = OpenedProject.Here();
        using var lease = await ConsoleLease.OfAsync(opened, "bring outputs", CancellationToken.None);
        var outputs = new OutputPlaces(opened.Project.Path, opened.Directory, opened.Machinefile).Of(arguments);
        return await opened.OpenWorkspace(lease.Lease.Guest).CollectAsync(begun, CancellationToken.None, outputs);
    }

    private static string Display(IReadOnlyList<byte[]> arguments)
    {
        var text = string.Join(' ', arguments.Select(System.Text.Encoding.UTF8.GetString));
        return Tainted.Line(text.Length > 200 ? text[..200] + "…" : text);
    }
}
