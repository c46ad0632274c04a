using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Machine.Tool.Hosting;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Guests;

/// <summary>A guest reached by OpenSSH: one master connection, which outlives this process, and every other ssh through its socket.</summary>
/// <param name="services">Offered to the guest as long as the connection stands.</param>
internal sealed class SshSession(GuestAddress address, IReadOnlyList<GuestService>? services = null, ILogger? logger = null) : IGuestSession
{
    private const int ConsoleLines = 12;

    // Of ssh's words while it connects: a guest's sshd can have it say something again and again.
    private const int MostLog = 1 << 20;

    // A guest whose sshd begins to change keys and never ends keeps the connection's master from answering.
    private static readonly TimeSpan MasterPatience = TimeLimit.Settle(10);
    private static readonly TimeSpan Greeting = TimeLimit.Seconds(8);

    public GuestAddress Address => address;

    /// <summary>A session of which only the socket is known: it can only be closed.</summary>
    public static SshSession AtSocket(string control) => new(new GuestAddress(new IPEndPoint(IPAddress.None, 1), "none", "none", control));

    public async Task ConnectAsync(IGuestMachine machine, GuestPatience patience, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var said = "";
        while (clock.Elapsed < patience.Limit)
        {
            cancel.ThrowIfCancellationRequested();
            if (machine.Exited.IsCompleted)
            {
                throw Failed("the machine ended while it was booting", await machine.Exited, machine);
            }

            if (!patience.AfterGreeting || await GreetsAsync(cancel))
            {
                said = await TryConnectAsync(machine, patience.Attempt ?? TimeLimit.Seconds(60), cancel);
                if (said.Length == 0)
                {
                    logger?.LogInformation("ssh connected after {Seconds:0.0} s", clock.Elapsed.TotalSeconds);
                    return;
                }
            }

            if (machine.Trouble is { } trouble)
            {
                throw new MachineException(trouble, "free some space, and try again", ExitCode.MachineUnavailable);
            }

            if (patience.RefusalIsFinal && (said.Contains("Host key verification failed", StringComparison.Ordinal) || said.Contains("Permission denied", StringComparison.Ordinal)))
            {
                throw Failed("the machine booted with another identity than it was given", said, machine);
            }

            await Task.Delay(patience.Retry, cancel);
        }

        throw Failed($"the guest did not answer within {patience.Limit.TotalSeconds:0} s", said, machine);
    }

    public bool Listens()
    {
        // A master that does not answer takes no connection from its queue, and a full queue would hold up who connects.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(address.ControlPath));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.WouldBlock;
        }
    }

    public async Task<bool> IsConnectedAsync(CancellationToken cancel) => (await AskMasterAsync(cancel, "-O", "check"))?.ExitCode == 0;

    public Task<GuestResult> RunAsync(string commandLine, CancellationToken cancel, string? input = null, TimeSpan? patience = null) =>
        Ssh.RunAsync(address, commandLine, cancel, input, patience);

    public async Task<GuestResult> StreamAsync(string commandLine, Action<GuestText> line, CancellationToken cancel)
    {
        var result = await HostProgram.StreamAsync(Ssh.Program, [.. Ssh.Arguments(address), commandLine], input: "", text => line(new GuestText(text)), cancel);
        return new GuestResult(result.ExitCode, new GuestText(result.Output), new GuestText(result.Error));
    }

    public Process StartPiped(string commandLine) => Ssh.StartPiped(address, commandLine);

    public async Task ForwardAsync(int hostPort, int guestPort, CancellationToken cancel)
    {
        var result = await AskMasterAsync(cancel, "-O", "forward", "-L", $"127.0.0.1:{hostPort}:127.0.0.1:{guestPort}");
        if (result is null)
        {
            throw new MachineException($"port {hostPort} of this host cannot be opened: the connection to the machine does not answer", "dotnet machine stop", ExitCode.MachineUnavailable);
        }

        if (result.ExitCode != 0)
        {
            throw new MachineException(
                $"port {hostPort} of this host cannot be opened for the machine: {result.Error.Trim()}",
                $"free it, or give another in the Machinefile: ports: [\"{hostPort + 1}:{guestPort}\"]",
                ExitCode.MachineUnavailable);
        }
    }

    public async Task CloseAsync()
    {
        await AskMasterAsync(CancellationToken.None, "-O", "exit");
        if (Listens())
        {
            await KillMasterAsync();
        }

        if (!Listens())
        {
            File.Delete(address.ControlPath);
        }
    }

    private async Task KillMasterAsync()
    {
        using var limit = new CancellationTokenSource(MasterPatience);
        try
        {
            foreach (var process in HostProcess.WithArgument(Ssh.ControlPathOption(address)).Where(process => process.IsMine).ToList())
            {
                await process.KillAsync(limit.Token);
            }
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException)
        {
            logger?.LogWarning("the connection to the guest does not end: {Reason}", e.Message);
        }
    }

    // Null where the master does not answer.
    private async Task<ProgramResult?> AskMasterAsync(CancellationToken cancel, params string[] question)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(MasterPatience);
        try
        {
            return await HostProgram.TryRunAsync(Ssh.Program, Ssh.Arguments(address, question), limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            logger?.LogWarning("the connection to the guest did not answer: {Question}", question[1]);
            return null;
        }
    }

    // ssh -f returns when the connection and its forwards stand, and leaves the master running on its own: it outlives
    // a supervisor that dies, and the next one finds it by its socket.
    private async Task<string> TryConnectAsync(IGuestMachine machine, TimeSpan limit, CancellationToken cancel)
    {
        File.Delete(address.ControlPath);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        attempt.CancelAfter(limit);
        var log = address.ControlPath + ".log";
        try
        {
            // Its standard streams go to a file: a pipe of ours would stay open in the background.
            File.Delete(log);
            var offers = (services ?? []).SelectMany(service => new[] { "-R", $"127.0.0.1:{service.GuestPort}:{service.HostSocket}" });
            var connecting = HostProgram.TryRunAsync(
                "/bin/sh",
                DetachedProgram.Arguments(log, [Ssh.Program, .. Ssh.Arguments(
                    address,
                    [
                        "-M", "-N", "-f",
                        "-o", "ControlMaster=yes",
                        "-o", "ControlPersist=no",
                        "-o", Ssh.ConnectTimeoutOption,
                        "-o", "ConnectionAttempts=1",
                        "-o", "ServerAliveInterval=20",
                        "-o", "ServerAliveCountMax=30",
                        "-o", "ExitOnForwardFailure=yes",
                        .. offers,
                    ])], MostLog),
                attempt.Token);
            if (await Task.WhenAny(connecting, machine.Exited) == machine.Exited)
            {
                await attempt.CancelAsync();
            }

            var result = await connecting;
            return result.ExitCode == 0 ? "" : $"{(await File.ReadAllTextAsync(log, cancel)).Trim()}{result.Error}" is { Length: > 0 } words ? words : $"ssh ended with {result.ExitCode}";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"no answer within {limit.TotalSeconds:0} s";
        }
    }

    private async Task<bool> GreetsAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Greeting);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(address.Sshd, limit.Token);
            return await socket.GetStream().ReadAsync(new byte[1], limit.Token) > 0;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private static MachineException Failed(string what, string words, IGuestMachine machine)
    {
        var console = machine.ConsoleTail(ConsoleLines);
        return new MachineException(
            what + (string.IsNullOrWhiteSpace(words) ? "" : $":\n{Tainted.LastLines(words, 8)}") + (console.Length > 0 ? $"\nits console's last lines:\n{HostProgram.LastLines(console, ConsoleLines)}" : ""),
            "dotnet machine logs   shows more",
            ExitCode.MachineUnavailable);
    }
}
