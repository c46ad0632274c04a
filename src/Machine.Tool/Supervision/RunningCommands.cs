using System.Collections.Concurrent;
using Machine.Tool.Guest;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>The commands that clients run at this moment.</summary>
internal sealed class RunningCommands
{
    private readonly ConcurrentDictionary<string, RunningCommand> commands = new(StringComparer.Ordinal);

    public IReadOnlyList<RunningCommand> Snapshot() => [.. commands.Values.OrderBy(command => command.Started)];

    public RunningCommand Begin(string display)
    {
        var command = new RunningCommand(Guid.NewGuid().ToString("N")[..12], display, DateTimeOffset.UtcNow);
        commands[command.Token] = command;
        return command;
    }

    /// <summary>The client says that its command has ended.</summary>
    public void Done(string token) => commands.TryRemove(token, out _);

    /// <summary>The client's connection has ended.</summary>
    /// <returns>True when the client had said that its command ended.</returns>
    public bool End(RunningCommand command) => !commands.TryRemove(command.Token, out _);

    /// <summary>Ends what is left in the guest of a command whose client has gone.</summary>
    public static Task KillAsync(GuestConnection guest, string token, CancellationToken cancel) =>
        Ssh.TryRunAsync(guest, $"sh {GuestLayout.Programs}/signal.sh {token} KILL", cancel);
}
