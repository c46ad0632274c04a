using Machine.Tool.Images.Store;
using Machine.Tool.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>The distribution's archives for an image that is built on this host: a server of its own, so that what packages run reaches no feed.</summary>
internal sealed class ArchiveDoor : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly AptArchive archive;
    private readonly string socket;

    private ArchiveDoor(WebApplication application, AptArchive archive, string socket)
    {
        this.application = application;
        this.archive = archive;
        this.socket = socket;
    }

    /// <param name="socket">In a folder that nobody else enters.</param>
    public static async Task<BuildDoor> OpenAsync(string socket, ILoggerFactory logs, CancellationToken cancel)
    {
        var application = ServiceHost.Create(socket, logs, limits =>
        {
            limits.MaxRequestBodySize = 0;
            limits.MaxConcurrentConnections = 64;
        });
        var archive = new AptArchive(HostArchives.FindAsync, logs.CreateLogger<AptArchive>());
        archive.Map(application);
        await application.StartAsync(cancel);
        if (!OperatingSystem.IsWindows())
        {
            // The build has ids of its own, and is shown this socket.
            File.SetUnixFileMode(socket, (UnixFileMode)0b110_110_110);
        }

        return new BuildDoor(socket, new ArchiveDoor(application, archive, socket));
    }

    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        archive.Dispose();
        File.Delete(socket);
    }
}
