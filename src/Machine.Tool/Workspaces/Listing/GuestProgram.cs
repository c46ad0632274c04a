using System.Diagnostics;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Workspaces.Listing;

/// <summary>Runs <c>changes.pl</c> as a process with pipes: input, output and errors flow at the same time, so none waits for another.</summary>
/// <param name="afterAnswer">How long it may go on; null for a minute, times <see cref="TimeLimit"/>'s factor.</param>
internal sealed class GuestProgram(Func<string, IReadOnlyList<string>, Process> start, TimeSpan? afterAnswer = null) : IGuestWorkspace, IDisposable
{
    private const int MostErrorCharacters = 16 * 1024;

    private readonly Lock gate = new();
    private (string Key, Process Process)? ready;
    private bool disposed;

    public static GuestProgram Over(IGuestSession guest) => new((verb, arguments) => guest.StartPiped(
        "exec " + string.Join(' ', new[] { "perl", $"{GuestLayout.Programs}/changes.pl", verb }.Concat(arguments).Select(Ssh.ShellQuote))));

    public void GetReady(string verb, IReadOnlyList<string> arguments)
    {
        var key = Key(verb, arguments);
        lock (gate)
        {
            if (disposed || (ready is { } waiting && waiting.Key == key && !waiting.Process.HasExited))
            {
                return;
            }

            LetGo();
            ready = (key, start("--when-told", [verb, .. arguments]));
        }
    }

    /// <summary>Ends what waits; nothing gets ready any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            LetGo();
        }
    }

    public async Task RunAsync(string verb, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, Func<GuestReader, Task> read, CancellationToken cancel)
    {
        using var process = TakeReady(Key(verb, arguments)) ?? start(verb, arguments);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var errors = ReadErrorsAsync(process.StandardError, stop.Token);
        var fed = FeedAsync(process.StandardInput.BaseStream, input, stop.Token);
        var done = false;
        try
        {
            try
            {
                await read(new GuestReader(process.StandardOutput.BaseStream, cancel));
                // More than the answer is no answer; it is not waited for.
                done = await process.StandardOutput.BaseStream.ReadAsync(new byte[1], cancel) == 0;
            }
            catch (GuestProtocolException)
            {
                // Where the program failed, its own words say more than "the answer ends early".
                if (await EndsAsync(process, cancel) && process.ExitCode != 0)
                {
                    throw Failed(process.ExitCode, await errors);
                }

                throw;
            }

            if (!done)
            {
                throw new GuestProtocolException("the answer goes on after its end");
            }

            await EndAsync(process, fed, cancel);
            if (process.ExitCode != 0)
            {
                throw Failed(process.ExitCode, await errors);
            }
        }
        finally
        {
            await stop.CancelAsync();
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }

            await Task.WhenAll(errors, fed);
        }
    }

    private static string Key(string verb, IReadOnlyList<string> arguments) => string.Join('\0', arguments.Prepend(verb));

    // One that waits is told by a byte; one that ended meanwhile (the machine was stopped) is of no use.
    private Process? TakeReady(string key)
    {
        (string Key, Process Process) waiting;
        lock (gate)
        {
            if (ready is not { } one || one.Key != key)
            {
                return null;
            }

            waiting = one;
            ready = null;
        }

        try
        {
            if (!waiting.Process.HasExited)
            {
                waiting.Process.StandardInput.BaseStream.WriteByte(1);
                waiting.Process.StandardInput.BaseStream.Flush();
                return waiting.Process;
            }
        }
        catch (IOException)
        {
            // It ended just now.
        }

        waiting.Process.Dispose();
        return null;
    }

    // Its input's end is its own.
    private void LetGo()
    {
        if (ready is { } waiting)
        {
            ready = null;
            try
            {
                waiting.Process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended.
            }

            waiting.Process.Dispose();
        }
    }

    // After its answer a program has nothing to do: one that stays, or does not read what it was given, is not waited for.
    private async Task EndAsync(Process process, Task fed, CancellationToken cancel)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        soon.CancelAfter(afterAnswer ?? TimeLimit.Minutes(1));
        try
        {
            await fed.WaitAsync(soon.Token);
            await process.WaitForExitAsync(soon.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new GuestProtocolException("the program goes on after its answer");
        }
    }

    private static async Task<bool> EndsAsync(Process process, CancellationToken cancel)
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        soon.CancelAfter(TimeLimit.Seconds(2));
        try
        {
            await process.WaitForExitAsync(soon.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task FeedAsync(Stream target, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        try
        {
            await using (target)
            {
                await target.WriteAsync(input, cancel);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The program ended before it read everything: its exit code and its answer tell.
        }
    }

    private static async Task<string> ReadErrorsAsync(StreamReader error, CancellationToken cancel)
    {
        var text = new System.Text.StringBuilder();
        var buffer = new char[4096];
        try
        {
            while (await error.ReadAsync(buffer, cancel) is var count and > 0)
            {
                text.Append(buffer, 0, Math.Min(count, MostErrorCharacters - text.Length));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // What arrived is enough.
        }

        return text.ToString();
    }

    private static MachineException Failed(int code, string errors) => new(
        $"the guest could not tell or take its changes (exit code {code}):\n{Tainted.LastLines(errors, 6)}",
        "dotnet machine logs   shows more",
        ExitCode.MachineUnavailable);
}
