using System.Collections.Concurrent;
using System.Security.Cryptography;
using Machine.Tool.Control;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>The commands that clients run at this moment.</summary>
internal sealed class RunningCommands
{
    private readonly ConcurrentDictionary<string, (RunningCommand Command, OrderedExec? Ordered)> commands = new(StringComparer.Ordinal);

    public IReadOnlyList<RunningCommand> Snapshot() => [.. commands.Values.Select(entry => entry.Command).OrderBy(command => command.Started)];

    /// <summary>Names a command to the guest. It stands on a command line, so it is worth nothing without the connection; nobody guesses it either.</summary>
    public static string NewToken() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    public RunningCommand Begin(string token, string display, OrderedExec? ordered)
    {
        var command = new RunningCommand(token, display, DateTimeOffset.UtcNow);
        commands[token] = (command, ordered);
        return command;
    }

    /// <summary>The client says that its command has ended.</summary>
    /// <param name="ordered">Null where nothing was.</param>
    /// <returns>False for one that does not run here.</returns>
    public bool TryEnd(string token, out OrderedExec? ordered)
    {
        var known = commands.TryRemove(token, out var entry);
        ordered = entry.Ordered;
        return known;
    }

    /// <summary>The client's connection has ended.</summary>
    /// <returns>True when the client had said that its command ended.</returns>
    public bool End(RunningCommand command) => !commands.TryRemove(command.Token, out _);

    /// <summary>Ends what is left in the guest of a command whose client has gone.</summary>
    public static async Task KillAsync(IGuestSession guest, string token, CancellationToken cancel)
    {
        try
        {
            await guest.RunAsync(GuestCommand.SignalLine(token, "KILL"), cancel);
        }
        catch (MachineException)
        {
            // A guest that does not answer keeps its processes; stopping the machine ends them.
        }
    }
}
