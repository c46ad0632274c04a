using System.Runtime.InteropServices;
using Machine.Tool.Commands;
using Machine.Tool.Hosting;

namespace Machine.Tool;

/// <summary>Parses, dispatches, and catches the expected failures once.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        var verbose = Environment.GetEnvironmentVariable("MACHINE_VERBOSE") is { Length: > 0 } || args is ["--verbose", ..];
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true;
            cancel.Cancel();
        };

        // How a pipeline ends a step. What was begun is ended and cleaned up, as for Ctrl+C.
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            cancel.Cancel();
        });
        try
        {
            return await CommandLine.RunAsync(args is ["--verbose", ..] ? args[1..] : args, cancel.Token);
        }
        catch (MachineException e)
        {
            Fail(e.Message, e.Remedy);
            if (verbose)
            {
                await Console.Error.WriteLineAsync(e.ToString());
            }

            return e.ExitCode;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (!verbose && e is IOException or UnauthorizedAccessException)
        {
            // The host's own refusals (a full disk, a read-only folder) name the file; that is what a user needs.
            Fail(e.Message, "for where it happened: dotnet-machine --verbose …");
            return ExitCode.MachineUnavailable;
        }
    }

    private static void Fail(string message, string? remedy)
    {
        Console.Error.WriteLine($"machine: {message}");
        if (remedy is not null)
        {
            Console.Error.WriteLine($"  → {remedy}");
        }
    }
}
