using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Layers;

/// <summary>Waits until a machine that was started answers over ssh.</summary>
internal static class GuestBoot
{
    private const int ConsoleLines = 20;

    private static readonly TimeSpan Greeting = TimeLimit.Seconds(8);

    /// <param name="identityComesLate">Another host key, or a refusal of ours, is no failure yet.</param>
    /// <exception cref="MachineException">It ended, refused this host's key, or did not answer in time; the message carries its console's last lines.</exception>
    public static async Task WaitAsync(IEngineMachine machine, GuestConnection guest, TimeSpan limit, IProgressSink progress, CancellationToken cancel, bool identityComesLate = false)
    {
        var clock = Stopwatch.StartNew();
        var last = "";
        do
        {
            progress.Detail($"waiting for the guest ({clock.Elapsed.TotalSeconds:0} s)");
            if (!machine.Exited.IsCompleted && !await GreetsAsync(guest.Port, cancel))
            {
                continue;
            }

            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var ssh = HostProgram.TryRunAsync(Ssh.Program, [.. Ssh.Arguments(guest, "-o", Ssh.ConnectTimeoutOption, "-o", "ConnectionAttempts=1"), "true"], attempt.Token);
            if (await Task.WhenAny(ssh, machine.Exited) == machine.Exited && !ssh.IsCompleted)
            {
                await attempt.CancelAsync();
                await ssh.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                throw Failed("the machine ended while it booted", machine, await machine.Exited);
            }

            var result = await ssh;
            if (result.ExitCode == 0)
            {
                return;
            }

            last = result.Error.Trim();
            if (!identityComesLate && (last.Contains("Host key verification failed", StringComparison.Ordinal) || last.Contains("Permission denied", StringComparison.Ordinal)))
            {
                throw Failed("the machine booted with another identity than it was given", machine, last);
            }

            // A key exchange costs a slow guest a second of its boot.
            await Task.Delay(identityComesLate ? 3000 : 200, cancel);
        }
        while (clock.Elapsed < limit);

        throw Failed($"the machine did not answer within {limit.TotalSeconds:0} seconds", machine, last);
    }

    // Every connection that is given up while the guest boots still reaches its sshd later, and a key exchange there
    // costs a second without hardware acceleration. So ssh itself is started only once the guest has said a word.
    private static async Task<bool> GreetsAsync(int port, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Greeting);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, port, limit.Token);
            return await socket.GetStream().ReadAsync(new byte[1], limit.Token) > 0;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            await Task.Delay(200, cancel);
            return false;
        }
    }

    private static MachineException Failed(string what, IEngineMachine machine, string words)
    {
        var console = machine.ConsoleTail(ConsoleLines);
        return new MachineException(
            what + (words.Length > 0 ? $":\n{HostProgram.LastLines(words, 8)}" : "") + (console.Length > 0 ? $"\nits console's last lines:\n{HostProgram.LastLines(console, ConsoleLines)}" : ""),
            "dotnet machine doctor",
            ExitCode.MachineUnavailable);
    }
}
