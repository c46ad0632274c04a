using System.Diagnostics;
using System.Runtime.InteropServices;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Control;

/// <summary>
/// Runs one command in the guest as if it ran here: ssh inherits this process's streams, so bytes, terminal, colours and
/// window size need no code of ours; only what a terminal or a pipeline's runner would obey comes through <paramref name="streams"/>.
/// What is left to us are signals and the exit code.
/// </summary>
internal sealed class RemoteExecution(ClientLease lease, ICommandStreams streams)
{
    /// <summary>ssh's own failures; a command may end with it too.</summary>
    private const int SshFailed = 255;

    private static readonly string[] Signals = ["INT", "TERM", "KILL"];

    private int interrupts;

    private GuestAddress Guest => lease.Lease.Guest;

    /// <param name="line">As the supervisor prepared it.</param>
    /// <returns>The command's exit code.</returns>
    /// <exception cref="MachineException">The connection was lost, or somebody stopped the machine.</exception>
    public int Run(string line)
    {
        var terminal = Terminal.InputIsTerminal && Terminal.OutputIsTerminal;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Pass(context, terminal));
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, context => context.Cancel = true);
        using var ssh = Start(line, terminal);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, ssh));
        using var hangUp = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => End(context, ssh));
        ssh.WaitForExit();
        streams.End();
        return ssh.ExitCode == SshFailed ? Explain() : ssh.ExitCode;
    }

    private Process Start(string line, bool terminal)
    {
        // Without a terminal of the guest's own, Ctrl+C would end ssh instead of the command: ssh gets a session of its own.
        var program = Ssh.Program;
        var arguments = Ssh.Arguments(Guest, terminal ? "-tt" : "-T");
        if (!terminal && HostProgram.Find("setsid") is { } session)
        {
            arguments = ["--wait", program, .. arguments];
            program = session;
        }

        ProgramTrace.Hide(lease.Lease.Token);
        var ssh = HostProgram.Start(program, [.. arguments, line], streams.Prepare);
        streams.Begin(ssh);
        return ssh;
    }

    // On a terminal the guest's own terminal turns the key into the signal, and none comes here.
    private void Pass(PosixSignalContext context, bool terminal)
    {
        context.Cancel = true;
        if (!terminal)
        {
            var signal = Signals[Math.Min(interrupts++, Signals.Length - 1)];
            _ = SignalAsync(signal);
        }
    }

    private async Task SignalAsync(string signal)
    {
        try
        {
            await Ssh.RunAsync(Guest, GuestCommand.SignalLine(lease.Lease.Token, signal), CancellationToken.None);
        }
        catch (MachineException)
        {
            // A guest that does not obey; the next signal is a harder one, and the lease's end the hardest.
        }
    }

    private static void End(PosixSignalContext context, Process ssh)
    {
        // The lease ends with this process, and the supervisor then ends the command.
        context.Cancel = true;
        ssh.Kill();
    }

    private int Explain()
    {
        var own = Ssh.RunAsync(Guest, $"cat /run/machine/exit-{lease.Lease.Token}", CancellationToken.None, patience: TimeLimit.Seconds(30)).GetAwaiter().GetResult();
        if (own.ExitCode == 0 && own.Output.Raw == "255")
        {
            return SshFailed;
        }

        throw lease.WasStopped(TimeLimit.Seconds(5))
            ? new MachineException("the machine was stopped while the command ran", exitCode: ExitCode.MachineUnavailable)
            : new MachineException(
                "the connection to the machine was lost while the command ran; the command was ended", "dotnet machine status", ExitCode.MachineUnavailable);
    }
}
