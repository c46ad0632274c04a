using System.Text.Json;

namespace Machine.Tool.Supervision;

/// <summary>The right to run one command, held by an open connection: when this process dies, the supervisor ends the command.</summary>
internal sealed class ClientLease(CommandLease lease, HttpResponseMessage connection, StreamReader reader) : IDisposable
{
    public CommandLease Lease => lease;

    /// <summary>True when the machine was stopped by somebody; false when only the supervisor went (the command may go on).</summary>
    public async Task<bool> WasStoppedAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            return await reader.ReadLineAsync(limit.Token) is { } line
                && JsonSerializer.Deserialize<ControlEvent>(line, ControlJson.Options)?.Stopped == true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or JsonException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        reader.Dispose();
        connection.Dispose();
    }
}
