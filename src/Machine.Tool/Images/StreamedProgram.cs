using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images;

/// <summary>Runs a long program and hands on its lines while they come.</summary>
internal static class StreamedProgram
{
    private const int KeptLines = 400;

    /// <param name="input">Written to stdin, which is then closed; null keeps stdin open until the program ends, so that it can tell that this process has gone.</param>
    /// <param name="line">Each line of both streams, one at a time.</param>
    /// <returns>The exit code, and the last lines of both streams together as <see cref="ProgramResult.Output"/>.</returns>
    public static async Task<ProgramResult> RunAsync(
        string program, IEnumerable<string> arguments, string? input, Action<string> line, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Programs.Resolve(program))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)
            ?? throw new MachineException($"{program} could not be started", exitCode: ExitCode.MachineUnavailable);
        var tail = new Queue<string>();
        async Task ReadAsync(StreamReader reader)
        {
            await foreach (var text in BoundedText.LinesAsync(reader))
            {
                lock (tail)
                {
                    tail.Enqueue(text);
                    if (tail.Count > KeptLines)
                    {
                        tail.Dequeue();
                    }

                    line(text);
                }
            }
        }

        var reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            if (input is not null)
            {
                await WriteAsync(process, input, cancel);
            }

            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        // A grandchild may hold the pipes open for longer than anyone wants to wait.
        await Task.WhenAny(reading, Task.Delay(TimeLimit.Settle(5), cancel));
        lock (tail)
        {
            return new ProgramResult(process.ExitCode, string.Join('\n', tail), "");
        }
    }

    private static async Task WriteAsync(Process process, string input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading everything; its exit code says why.
        }
    }
}
