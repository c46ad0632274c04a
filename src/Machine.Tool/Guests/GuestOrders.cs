using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>
/// The way of orders into the guest: <c>orders.pl</c> waits there on the shared connection. It is quicker than a session for each, and
/// what a command is given (variables with secrets, arguments) is on no command line, which every user of the host can read.
/// </summary>
/// <param name="most">Longest time for writing one order; null: 20 seconds, times <see cref="TimeLimit"/>'s factor.</param>
internal sealed class GuestOrders(Func<Process> start, TimeSpan? most = null) : IDisposable
{
    private TimeSpan Patience => most ?? TimeLimit.Seconds(20);

    [SuppressMessage("Usage", "CA2213", Justification = "An order under way releases it after this has been disposed; it holds no handle.")]
    private readonly SemaphoreSlim writing = new(1);
    private Process? waiting;
    private bool disposed;

    public static GuestOrders Over(IGuestSession guest) => new(() => guest.StartPiped($"exec perl {GuestLayout.Programs}/orders.pl"));

    /// <summary>Starts what waits, so that the first order finds it.</summary>
    public async Task GetReadyAsync()
    {
        await writing.WaitAsync();
        try
        {
            Ensure();
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>Returns when the order is on its way; <c>exec.pl</c> waits for it.</summary>
    /// <exception cref="MachineException">The guest does not take it.</exception>
    public async Task SendAsync(string token, byte[] order, CancellationToken cancel)
    {
        byte[] written = [.. Encoding.ASCII.GetBytes($"{token}{order.Length:x8}"), .. order];
        await writing.WaitAsync(cancel);
        try
        {
            if (!await TryWriteAsync(written, cancel) && !await TryWriteAsync(written, cancel))
            {
                throw new MachineException("the machine takes no order: its program for them ends at once", "dotnet machine stop", ExitCode.MachineUnavailable);
            }
        }
        finally
        {
            writing.Release();
        }
    }

    public void Dispose()
    {
        disposed = true;
        LetGo();
    }

    // False where the program had ended: the connection was lost, or the guest killed it.
    private async Task<bool> TryWriteAsync(byte[] written, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            var input = Ensure().StandardInput.BaseStream;
            await input.WriteAsync(written, limit.Token);
            await input.FlushAsync(limit.Token);
            return true;
        }
        catch (IOException)
        {
            LetGo();
            return false;
        }
        catch (OperationCanceledException)
        {
            // Half an order may be written: nothing may follow it.
            LetGo();
            cancel.ThrowIfCancellationRequested();
            throw new MachineException($"the machine did not take an order within {Patience.TotalSeconds:0} seconds", "dotnet machine stop", ExitCode.MachineUnavailable);
        }
    }

    private Process Ensure()
    {
        if (disposed)
        {
            throw new MachineException("the machine was stopped before the command began", exitCode: ExitCode.MachineUnavailable);
        }

        if (waiting is { HasExited: true })
        {
            LetGo();
        }

        return waiting ??= start();
    }

    private void LetGo()
    {
        if (Interlocked.Exchange(ref waiting, null) is { } process)
        {
            try
            {
                process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended.
            }

            process.Dispose();
        }
    }
}
