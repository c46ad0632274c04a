using System.Runtime.InteropServices;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>The background process that owns one running machine. Started by a client, it ends with its machine.</summary>
internal static partial class SupervisorProcess
{
    private static readonly TimeSpan FirstClientDeadline = TimeLimit.Seconds(30);

    public static async Task<int> RunAsync(string projectPath)
    {
        if (!OperatingSystem.IsWindows())
        {
            // Away from the terminal: its end is not ours.
            _ = SetSession();
        }

        var paths = MachinePaths.FromEnvironment();
        var folders = new ProjectMachine(paths, new ProjectRoot(projectPath)).Create();
        using var held = FileLock.TryAcquire(folders.SupervisorLock);
        if (held is null)
        {
            // Another client was quicker; ours will find that one's supervisor.
            return ExitCode.Ok;
        }

        using var logs = LoggerFactory.Create(logging => logging
            .AddSimpleConsole(console => { console.SingleLine = true; console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ "; console.UseUtcTimestamp = true; })
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning));
        var logger = logs.CreateLogger("Supervisor");
        logger.LogInformation("dotnet-machine {Version}, process {Id}, project {Project}", ToolVersion.Current, Environment.ProcessId, projectPath);

        using var shutdown = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            shutdown.Cancel();
        });
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);

        var lifecycle = new MachineLifecycle(folders, paths, EngineCatalog.Of(paths, folders.State), logs, shutdown.Token);
        await using var application = ServiceHost.Create(folders.ControlSocket, logs, limits => limits.MinResponseDataRate = null);
        var api = new ControlApi(folders, paths, lifecycle, logger);
        api.Map(application);
        await application.StartAsync(CancellationToken.None);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(shutdown.Token);
        var idle = new IdleWatch(lifecycle, logger).RunAsync(over.Token);
        var bounds = LogBounds.WatchAsync(folders.Logs, folders.SshControl + ".log", over.Token);
        await UntilOverAsync(lifecycle, shutdown.Token);
        await over.CancelAsync();
        await idle;
        await bounds;
        logger.LogInformation("ending");

        // Answers under way may finish; then the socket goes.
        using var grace = new CancellationTokenSource(TimeLimit.Seconds(3));
        await application.StopAsync(grace.Token);
        File.Delete(folders.ControlSocket);
        return ExitCode.Ok;
    }

    private static async Task UntilOverAsync(MachineLifecycle lifecycle, CancellationToken shutdown)
    {
        try
        {
            // A client that starts a supervisor asks it something at once; one that never does was killed.
            await Task.WhenAny(lifecycle.Gone, Task.Delay(FirstClientDeadline, shutdown));
            if (lifecycle.State == MachineState.Stopped)
            {
                return;
            }

            await lifecycle.Gone.WaitAsync(shutdown);
        }
        catch (OperationCanceledException)
        {
            // Asked to end: the machine stays, and the next supervisor adopts it.
        }
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int SetSession();
}
