namespace Machine.Tool.Control;

/// <summary>The right to run one command, held by an open connection: when this process dies, the supervisor ends the command.</summary>
internal sealed class ClientLease(ExecLease lease, ControlAnswer connection, string socket) : IDisposable
{
    public ExecLease Lease => lease;

    /// <summary>Says that the command has ended, and waits until what was ordered is brought.</summary>
    /// <param name="tellsDenied">The answer is to hold what was denied to the machine meanwhile.</param>
    /// <returns>Null where there is nothing to tell.</returns>
    /// <exception cref="IOException">The supervisor that gave the lease has gone, or it could not bring.</exception>
    public ExecEnd? Done(bool tellsDenied)
    {
        using var answer = ControlAnswer.To(socket, "POST", $"/v1/done/{lease.Token}{(tellsDenied ? "?denied" : "")}", CancellationToken.None);
        return answer.Read<ExecEnd>();
    }

    /// <summary>True when the machine was stopped by somebody; false when only the supervisor went (the command may go on).</summary>
    public bool WasStopped(TimeSpan patience)
    {
        using var limit = new Timer(_ => connection.ShutDown(), null, patience, Timeout.InfiniteTimeSpan);
        try
        {
            return ControlEvent.Read(connection.Body).Stopped;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return false;
        }
    }

    public void Dispose() => connection.Dispose();
}
