using System.Text.Json;

namespace Machine.Tool.Supervision;

/// <summary>The right to run one command, held by an open connection: when this process dies, the supervisor ends the command.</summary>
internal sealed class ClientLease(CommandLease lease, ControlAnswer connection, string socket) : IDisposable
{
    public CommandLease Lease => lease;

    /// <summary>Says that the command has ended, so that nothing need be looked for in the guest.</summary>
    public async Task DoneAsync()
    {
        try
        {
            (await ControlAnswer.ToAsync(socket, "POST", $"/v1/done/{lease.Token}", CancellationToken.None)).Dispose();
        }
        catch (IOException)
        {
            // The supervisor has gone; then nobody looks either.
        }
    }

    /// <summary>True when the machine was stopped by somebody; false when only the supervisor went (the command may go on).</summary>
    public async Task<bool> WasStoppedAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            return await connection.Body.ReadLineAsync(limit.Token) is { } line
                && ControlEvent.Parse(line).Stopped == true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or JsonException)
        {
            return false;
        }
    }

    public void Dispose() => connection.Dispose();
}
