using System.Diagnostics;
using System.Text.Json;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Control;

/// <summary>A client's end of the control API: finds the project's supervisor, or starts one.</summary>
internal sealed class SupervisorClient
{
    private static readonly TimeSpan StartDeadline = TimeLimit.Seconds(20);

    // A guest has 20 seconds to power off, and is killed then.
    private static readonly TimeSpan EndDeadline = TimeLimit.Minutes(2);

    private readonly ProjectMachine folders;
    private readonly SupervisorLaunch launch;

    private SupervisorClient(ProjectMachine folders)
    {
        // Its sockets are believed: what they say is run, and what they ask for is sent.
        folders.RequireOwnRuntime();
        this.folders = folders;
        launch = new SupervisorLaunch(folders);
    }

    /// <exception cref="MachineException">Another user planted the folder of its sockets.</exception>
    public static SupervisorClient For(MachinePaths paths, ProjectRoot project) => new(new ProjectMachine(paths, project));

    /// <summary>Whether a supervisor listens, as far as its socket tells.</summary>
    public bool IsThere => File.Exists(folders.ControlSocket);

    /// <summary>What the running supervisor says; null when none runs.</summary>
    public MachineStatus? TryStatus(CancellationToken cancel) => TryRead<MachineStatus>("/v1/status", cancel);

    /// <summary>The rules that the running machine obeys; null when none runs, or its supervisor is of a version that does not tell.</summary>
    public NetworkAnswer? TryNetwork(CancellationToken cancel) => TryRead<NetworkAnswer>("/v1/network", cancel);

    /// <summary>What a machine's supervisor says; null when none runs, or it does not answer within five seconds.</summary>
    public static async Task<MachineStatus?> TryStatusAsync(MachinePaths paths, KnownMachine machine, CancellationToken cancel)
    {
        if (machine.Project is null)
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeLimit.Seconds(5));
        var client = For(paths, machine.Project);
        try
        {
            return await Task.Run(() => client.TryStatus(limit.Token), limit.Token);
        }
        catch (Exception e) when (e is JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Stops the machine; also one whose supervisor has died.</summary>
    /// <returns>False when nothing ran.</returns>
    public async Task<bool> StopAsync(CancellationToken cancel)
    {
        if (TryStatus(cancel) is null && !MayHaveLeftovers)
        {
            return false;
        }

        EnsureSupervisor(cancel);
        Ask(() => ControlAnswer.To(folders.ControlSocket, "POST", "/v1/stop", cancel), cancel).Dispose();
        await UntilGoneAsync(cancel);
        return true;
    }

    /// <summary>Freezes the running machine.</summary>
    /// <returns>Why it stays up; null when it is suspended.</returns>
    public async Task<string?> SuspendAsync(CancellationToken cancel)
    {
        using var answer = ControlAnswer.To(folders.ControlSocket, "POST", "/v1/suspend", cancel);
        var reason = (answer.Read<SuspendAnswer>() ?? throw new EndOfStreamException("the supervisor ended")).Reason;
        if (reason is null)
        {
            await UntilGoneAsync(cancel);
        }

        return reason;
    }

    /// <summary>
    /// Starts or resumes the machine when needed and gets the right to run one command. The lease ends with its disposal.
    /// </summary>
    /// <param name="progress">Asked for when there is something to show.</param>
    /// <returns>Null where the order needs an approval first.</returns>
    /// <exception cref="MachineException">The machine did not start, or the order was refused.</exception>
    public ClientLease? Lease(ExecRequest request, Func<IProgressSink> progress, CancellationToken cancel)
    {
        if (!IsThere)
        {
            EnsureSupervisor(cancel);
        }

        Stopwatch? waited = null;
        while (true)
        {
            var (lease, ending) = Ask(() => TryLease(request, progress, cancel), cancel);
            if (!ending)
            {
                return lease;
            }

            if (waited is null)
            {
                waited = Stopwatch.StartNew();
                progress().Step("waiting for the machine to end");
            }
            else if (waited.Elapsed > EndDeadline)
            {
                throw new MachineException($"the machine is still being stopped after {EndDeadline.TotalMinutes:0} minutes", "dotnet machine stop", ExitCode.MachineUnavailable);
            }

            cancel.WaitHandle.WaitOne(100);
            cancel.ThrowIfCancellationRequested();
            EnsureSupervisor(cancel);
        }
    }

    // A supervisor that is just ending, or is killed, may take a request and drop it: then the next one is asked.
    private T Ask<T>(Func<T> question, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return question();
            }
            catch (IOException) when (attempt < 5)
            {
                EnsureSupervisor(cancel);
            }
            catch (IOException e)
            {
                throw new MachineException(
                    $"the supervisor of this machine does not answer: {e.Message}\n{launch.LogTail()}", "dotnet machine doctor", ExitCode.MachineUnavailable, e);
            }
        }
    }

    private bool MayHaveLeftovers => File.Exists(folders.ControlSocket) || File.Exists(folders.SshControl) || Suspension.IsThere(folders.State);

    private T? TryRead<T>(string path, CancellationToken cancel)
        where T : class
    {
        // Told apart before anything is tried: an exception costs more than all else that `status` does.
        if (!IsThere)
        {
            return null;
        }

        try
        {
            using var answer = ControlAnswer.To(folders.ControlSocket, "GET", path, cancel);
            return answer.Read<T>();
        }
        catch (IOException)
        {
            cancel.ThrowIfCancellationRequested();
            return null;
        }
    }

    // No lease where an approval is missing, or this supervisor is ending.
    private (ClientLease? Lease, bool Ending) TryLease(ExecRequest request, Func<IProgressSink> progress, CancellationToken cancel)
    {
        var answer = ControlAnswer.To(folders.ControlSocket, "POST", "/v1/exec", cancel, request);
        var leased = false;
        try
        {
            while (true)
            {
                var news = ControlEvent.Read(answer.Body);
                if (news.Lease is { } lease)
                {
                    leased = true;
                    return (new ClientLease(lease, answer, folders.ControlSocket), Ending: false);
                }

                if (news.Unapproved || news.Ending)
                {
                    return (null, news.Ending);
                }

                if (news.Failure is { } failure)
                {
                    throw new MachineException(failure.Message, failure.Remedy, failure.ExitCode);
                }

                Show(news, progress());
            }
        }
        catch (EndOfStreamException) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        finally
        {
            if (!leased)
            {
                answer.Dispose();
            }
        }
    }

    private static void Show(ControlEvent news, IProgressSink progress)
    {
        if (news.Step is { } step)
        {
            progress.Step(step);
        }

        if (news.Detail is { } detail)
        {
            progress.Detail(detail);
        }

        if (news.Note is { } note)
        {
            progress.Note(note);
        }
    }

    private void EnsureSupervisor(CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        Process? spawned = null;
        while (TryStatus(cancel) is null)
        {
            if (spawned is null || spawned.HasExited)
            {
                spawned?.Dispose();
                spawned = launch.Start();
            }

            if (waited.Elapsed > StartDeadline)
            {
                throw new MachineException(
                    $"the supervisor of this machine did not come up within {StartDeadline.TotalSeconds:0} s\n{launch.LogTail()}",
                    $"its log: {folders.SupervisorLog}", ExitCode.MachineUnavailable);
            }

            cancel.WaitHandle.WaitOne(50);
            cancel.ThrowIfCancellationRequested();
        }

        spawned?.Dispose();
    }

    // Its lock dies with it. But somebody else's command may have it resume the machine, or the next one start it.
    private async Task UntilGoneAsync(CancellationToken cancel)
    {
        while (true)
        {
            using (var free = FileLock.TryAcquire(folders.SupervisorLock))
            {
                if (free is not null)
                {
                    return;
                }
            }

            if (TryStatus(cancel) is { State: MachineState.Starting or MachineState.Running })
            {
                return;
            }

            await Task.Delay(100, cancel);
        }
    }
}
