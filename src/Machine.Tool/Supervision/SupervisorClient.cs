using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>A client's end of the control API: finds the project's supervisor, or starts one.</summary>
internal sealed class SupervisorClient
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(20);

    private readonly MachineFolders folders;

    private SupervisorClient(MachineFolders folders) => this.folders = folders;

    public static SupervisorClient For(MachinePaths paths, ProjectRoot project) => new(new MachineFolders(paths, project));

    /// <summary>What the running supervisor says; null when none runs.</summary>
    public async Task<MachineStatus?> TryStatusAsync(CancellationToken cancel)
    {
        // Told apart before anything is tried: an exception costs more than all else that `status` does.
        if (!File.Exists(folders.ControlSocket))
        {
            return null;
        }

        try
        {
            using var answer = await ControlAnswer.ToAsync(folders.ControlSocket, "GET", "/v1/status", cancel);
            return await answer.ReadAsync<MachineStatus>(cancel);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Stops the machine; also one whose supervisor has died.</summary>
    /// <returns>False when nothing ran.</returns>
    public async Task<bool> StopAsync(CancellationToken cancel)
    {
        if (await TryStatusAsync(cancel) is null && !MayHaveLeftovers)
        {
            return false;
        }

        await EnsureSupervisorAsync(cancel);
        (await ControlAnswer.ToAsync(folders.ControlSocket, "POST", "/v1/stop", cancel)).Dispose();
        await UntilGoneAsync(cancel);
        return true;
    }

    /// <summary>Freezes the running machine.</summary>
    /// <returns>Why it stays up; null when it is suspended.</returns>
    public async Task<string?> SuspendAsync(CancellationToken cancel)
    {
        using var answer = await ControlAnswer.ToAsync(folders.ControlSocket, "POST", "/v1/suspend", cancel);
        var reason = (await answer.ReadAsync<SuspendAnswer>(cancel)).Reason;
        if (reason is null)
        {
            await UntilGoneAsync(cancel);
        }

        return reason;
    }

    /// <summary>
    /// Starts or resumes the machine when needed and gets the right to run one command. The lease ends with its disposal.
    /// </summary>
    /// <exception cref="MachineException">The machine did not start.</exception>
    public async Task<ClientLease> LeaseAsync(string display, IProgressSink progress, CancellationToken cancel)
    {
        if (!File.Exists(folders.ControlSocket))
        {
            await EnsureSupervisorAsync(cancel);
        }

        // A supervisor that is just ending may take the request and drop it: then there is a next one.
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await TryLeaseAsync(display, progress, cancel);
            }
            catch (IOException) when (attempt < 5)
            {
                await EnsureSupervisorAsync(cancel);
            }
            catch (IOException e)
            {
                throw new MachineException(
                    $"the supervisor of this machine does not answer: {e.Message}\n{SupervisorLogTail()}", "dotnet machine doctor", ExitCode.MachineUnavailable, e);
            }
        }
    }

    private bool MayHaveLeftovers => File.Exists(folders.ControlSocket) || File.Exists(folders.SshControl) || Suspension.IsThere(folders.State);

    private async Task<ClientLease> TryLeaseAsync(string display, IProgressSink progress, CancellationToken cancel)
    {
        var answer = await ControlAnswer.ToAsync(folders.ControlSocket, "POST", "/v1/exec", cancel, new CommandRequest(display));
        try
        {
            while (true)
            {
                var line = await answer.Body.ReadLineAsync(cancel) ?? throw new EndOfStreamException("the supervisor ended");
                var news = ControlEvent.Parse(line);
                if (news.Lease is { } lease)
                {
                    return new ClientLease(lease, answer, folders.ControlSocket);
                }

                if (news.Failure is { } failure)
                {
                    throw new MachineException(failure.Message, failure.Remedy, failure.ExitCode);
                }

                Show(news, progress);
            }
        }
        catch
        {
            answer.Dispose();
            throw;
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

    private async Task EnsureSupervisorAsync(CancellationToken cancel)
    {
        var waited = Stopwatch.StartNew();
        Process? spawned = null;
        while (await TryStatusAsync(cancel) is null)
        {
            if (spawned is null || spawned.HasExited)
            {
                spawned?.Dispose();
                spawned = Spawn();
            }

            if (waited.Elapsed > StartDeadline)
            {
                throw new MachineException(
                    $"the supervisor of this machine did not come up within {StartDeadline.TotalSeconds:0} s\n{SupervisorLogTail()}",
                    $"its log: {folders.SupervisorLog}", ExitCode.MachineUnavailable);
            }

            await Task.Delay(50, cancel);
        }

        spawned?.Dispose();
    }

    private Process Spawn()
    {
        folders.Create();
        RotateLog();
        var (program, arguments) = SelfCommand.With(SupervisorProcess.Verb, folders.Project.Path);
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var argument in (string[])["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", folders.SupervisorLog, program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    private async Task UntilGoneAsync(CancellationToken cancel)
    {
        // Its lock dies with it.
        (await FileLock.AcquireAsync(folders.SupervisorLock, waiting: null, cancel)).Dispose();
    }

    private void RotateLog()
    {
        if (new FileInfo(folders.SupervisorLog) is { Exists: true, Length: > 4 * 1024 * 1024 })
        {
            File.Move(folders.SupervisorLog, folders.SupervisorLog + ".1", overwrite: true);
        }
    }

    private string SupervisorLogTail() =>
        File.Exists(folders.SupervisorLog) ? Programs.LastLines(File.ReadAllText(folders.SupervisorLog), 6) : "";
}
