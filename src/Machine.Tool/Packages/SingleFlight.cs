namespace Machine.Tool.Packages;

/// <summary>
/// Equal requests at the same time share one piece of work. It is cancelled when nobody waits for it any more, so a
/// guest that asks and runs leaves nothing behind.
/// </summary>
internal sealed class SingleFlight<T>
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Flight> running = new(StringComparer.Ordinal);

    public async Task<T> RunAsync(string key, Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        Flight? flight;
        lock (gate)
        {
            if (!running.TryGetValue(key, out flight))
            {
                flight = new Flight();
                running.Add(key, flight);
                var token = flight.Cancel.Token;
                flight.Task = Task.Run(() => work(token), CancellationToken.None);
            }

            flight.Waiting++;
        }

        try
        {
            return await flight.Task!.WaitAsync(cancel);
        }
        finally
        {
            Leave(key, flight);
        }
    }

    private void Leave(string key, Flight flight)
    {
        lock (gate)
        {
            if (--flight.Waiting > 0)
            {
                return;
            }

            running.Remove(key);
        }

        if (!flight.Task!.IsCompleted)
        {
            flight.Cancel.Cancel();
        }

        // The work may still be looking at its token; it is disposed with the last look. Its failure is nobody's any more.
        _ = flight.Task.ContinueWith(
            done =>
            {
                _ = done.Exception;
                flight.Cancel.Dispose();
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private sealed class Flight
    {
        public CancellationTokenSource Cancel { get; } = new();

        public Task<T>? Task { get; set; }

        public int Waiting { get; set; }
    }
}
