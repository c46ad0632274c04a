using System.Diagnostics;
using System.Net.Sockets;
using Machine.Tool.Engines;
using Machine.Tool.Guest;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>The one connection to the guest that every command shares; it also carries the feed in and the ports out.</summary>
internal sealed class SshMaster(GuestConnection guest, string guestSocket, ILogger logger)
{
    /// <summary>Connects, again and again until the guest's sshd answers.</summary>
    /// <param name="retry">After a refusal: a guest that boots needs the processor more than it needs to be asked.</param>
    /// <exception cref="MachineException">The machine ended, or the deadline passed; carries the console's last lines.</exception>
    public async Task ConnectAsync(IEngineMachine machine, TimeSpan deadline, TimeSpan retry, CancellationToken cancel)
    {
        var started = Stopwatch.StartNew();
        var said = "";
        while (started.Elapsed < deadline)
        {
            cancel.ThrowIfCancellationRequested();
            if (machine.Exited.IsCompleted)
            {
                throw new MachineException(
                    $"the machine ended while it was booting: {await machine.Exited}\n{machine.ConsoleTail(12)}",
                    "dotnet machine logs   shows more", ExitCode.MachineUnavailable);
            }

            said = await TryConnectAsync(cancel);
            if (said.Length == 0)
            {
                logger.LogInformation("ssh connected after {Seconds:0.0} s", started.Elapsed.TotalSeconds);
                return;
            }

            if (machine.Trouble is { } trouble)
            {
                throw new MachineException(trouble, "free some space, and try again", ExitCode.MachineUnavailable);
            }

            await Task.Delay(retry, cancel);
        }

        throw new MachineException(
            $"the guest did not answer within {deadline.TotalSeconds:0} s (ssh: {said.Trim()})\nits console's last lines:\n{machine.ConsoleTail(12)}",
            "dotnet machine logs   shows more", ExitCode.MachineUnavailable);
    }

    /// <summary>Whether somebody listens where the shared connection is to be had. Cheaper than <see cref="IsConnectedAsync"/>, for every command.</summary>
    public bool Listens()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(guest.ControlPath));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>True while the shared connection stands.</summary>
    public async Task<bool> IsConnectedAsync(CancellationToken cancel) =>
        (await HostProgram.TryRunAsync(Ssh.Program, Ssh.Arguments(guest, "-O", "check"), cancel)).ExitCode == 0;

    /// <summary>Opens a loopback port of the host onto a loopback port of the guest.</summary>
    /// <exception cref="MachineException">The host's port is taken.</exception>
    public async Task ForwardAsync(PortForward port, CancellationToken cancel)
    {
        var forward = $"127.0.0.1:{port.Host}:127.0.0.1:{port.Guest}";
        var result = await HostProgram.TryRunAsync(Ssh.Program, Ssh.Arguments(guest, "-O", "forward", "-L", forward), cancel);
        if (result.ExitCode != 0)
        {
            throw new MachineException(
                $"port {port.Host} of this host cannot be opened for the machine: {result.Error.Trim()}",
                $"free it, or give another in the Machinefile: ports: [\"{port.Host + 1}:{port.Guest}\"]",
                ExitCode.MachineUnavailable);
        }
    }

    public async Task CloseAsync(CancellationToken cancel) =>
        await HostProgram.TryRunAsync(Ssh.Program, Ssh.Arguments(guest, "-O", "exit"), cancel);

    // ssh -f returns when the connection and its forwards stand, and leaves the master running on its own: it outlives
    // a supervisor that dies, and the next one finds it by its socket.
    private async Task<string> TryConnectAsync(CancellationToken cancel)
    {
        File.Delete(guest.ControlPath);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        attempt.CancelAfter(TimeLimit.Seconds(60));
        var log = guest.ControlPath + ".log";
        try
        {
            // Its standard streams go to a file: a pipe of ours would stay open in the background.
            File.Delete(log);
            var result = await HostProgram.TryRunAsync(
                "/bin/sh",
                DetachedProgram.Arguments(log, [Ssh.Program, .. Ssh.Arguments(
                    guest,
                    "-M", "-N", "-f",
                    "-o", "ControlMaster=yes",
                    "-o", "ControlPersist=no",
                    "-o", Ssh.ConnectTimeoutOption,
                    "-o", "ConnectionAttempts=1",
                    "-o", "ServerAliveInterval=20",
                    "-o", "ServerAliveCountMax=30",
                    "-o", "ExitOnForwardFailure=yes",
                    "-R", $"127.0.0.1:{GuestLayout.ServicePort}:{guestSocket}")]),
                attempt.Token);
            return result.ExitCode == 0 ? "" : "ssh: " + (await File.ReadAllTextAsync(log, cancel)).Trim() + result.Error;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return "no answer within 60 s";
        }
    }
}
