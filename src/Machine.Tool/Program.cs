using Machine.Tool.Commands;
using Machine.Tool.Commands.Streams;
using Machine.Tool.Hosting;

namespace Machine.Tool;

/// <summary>Parses, dispatches, and catches the expected failures once.</summary>
internal static class Program
{
    // No async method: each is compiled anew when a process starts, and those of a short command took longer than all it did.
    public static int Main(string[] args)
    {
        var verbose = Environment.GetEnvironmentVariable(ProgramTrace.Variable) is { Length: > 0 } || args is ["--verbose", ..];
        PipelineLog.Guard();
        SearchPath.DropRelative();
        if (verbose)
        {
            ProgramTrace.Sink = line => Console.Error.WriteLine($"machine: {line}");
        }

        try
        {
            TimeLimit.Require();
            return CommandLine.Run(args is ["--verbose", ..] ? args[1..] : args);
        }
        catch (MachineException e)
        {
            Fail(e.Message, e.Remedy);
            if (verbose)
            {
                Console.Error.WriteLine(Tainted.Lines(e.ToString()));
            }

            return e.ExitCode;
        }
        catch (OperationCanceledException)
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
        // Guests, repositories and registries are quoted in messages: cleaned here, where all of them end.
        message = Tainted.Lines(message);
        remedy = remedy is null ? null : Tainted.Lines(remedy);
        Console.Error.WriteLine($"machine: {message}");
        if (remedy is not null)
        {
            Console.Error.WriteLine($"  → {remedy}");
        }

        if (LogAnnotation.Error(remedy is null ? message : $"{message}\n→ {remedy}", Environment.GetEnvironmentVariable) is { } annotation)
        {
            Console.Error.Flush();
            (PipelineLog.Commands ?? Console.Error).WriteLine(annotation);
        }
    }
}
