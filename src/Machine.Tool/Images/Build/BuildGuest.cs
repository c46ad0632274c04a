using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Build;

/// <summary>A machine that runs what others wrote, so that it never runs on the host: its disk becomes an image.</summary>
internal sealed class BuildGuest : IAsyncDisposable
{
    // Without hardware acceleration, and with the host busy, a boot of 20 seconds has been seen to take 90.
    private static readonly GuestPatience OwnImage = new(TimeLimit.Minutes(6), TimeSpan.FromMilliseconds(200), AfterGreeting: true, RefusalIsFinal: true);

    // A disk that boots by itself, for the first time, with all that its distribution starts. A key exchange costs a slow guest a second of that.
    private static readonly GuestPatience CloudImage = new(TimeLimit.Minutes(25), TimeSpan.FromMilliseconds(3000), AfterGreeting: true, Attempt: TimeLimit.Minutes(5));

    // What sshd does after a connection's end is no part of a template; emulated it takes up to a second.
    private static readonly TimeSpan AfterConnection = TimeLimit.Settle(2);

    private readonly IEngineMachine machine;
    private readonly IGuestSession session;
    private readonly string runtime;

    private BuildGuest(IEngineMachine machine, IGuestSession session, string runtime)
    {
        this.machine = machine;
        this.session = session;
        this.runtime = runtime;
    }

    /// <param name="folder">The build's own: keys, state and logs of the machine lie in it.</param>
    /// <param name="hash">Of what is built; the machine is named after it.</param>
    /// <param name="diskBytes">Size of the root disk, in bytes.</param>
    /// <param name="shape">Changes what is started, before it is.</param>
    /// <exception cref="MachineException">The guest does not come up, or the engine does not start it.</exception>
    public static async Task<BuildGuest> BootAsync(
        IEngine engine, MachinePaths paths, string folder, string hash, BootImage image, DiskFile disk, long diskBytes,
        IReadOnlyList<VolumeDisk> volumes, IReadOnlyList<GuestService> services, IProgressSink progress, CancellationToken cancel,
        Func<MachineSpec, GuestIdentity, MachineSpec>? shape = null)
    {
        // Keys of this build alone: nothing of them is in the image.
        var keys = MachinePaths.CreatePrivate(Path.Combine(folder, "identity"));
        var identity = await GuestIdentity.EnsureAsync(keys, await SshKey.EnsureAsync(Path.Combine(keys, "client"), "machine", cancel), "image-build", cancel);
        var id = new MachineId($"image-{hash[..8]}");
        var runtime = paths.CreateRuntime(id);
        var spec = new MachineSpec
        {
            Id = id.Text,
            Folder = MachinePaths.CreatePrivate(Path.Combine(folder, "machine")),
            RuntimeFolder = runtime,
            Image = image,
            Cpus = Math.Clamp(Environment.ProcessorCount, 1, 4),
            MemoryBytes = MemoryBytes(),
            DiskBytes = diskBytes,
            Shares = [],
            Volumes = volumes,
            Identity = identity.Files,
            RootDisk = disk,
        };
        progress.Step("booting the image");
        var machine = await engine.StartAsync(shape?.Invoke(spec, identity) ?? spec, progress, cancel);
        var built = new BuildGuest(machine, new SshSession(identity.At(machine.Ssh, Path.Combine(runtime, "ssh")), services), runtime);
        try
        {
            progress.Detail("waiting for the guest");
            // One that boots by itself may answer with keys of its own before it has read those that it was given.
            await built.session.ConnectAsync(machine, image.Kernel is null ? CloudImage : OwnImage, cancel);
            return built;
        }
        catch
        {
            await built.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a command line as the guest's root, its lines shown while they come.</summary>
    /// <exception cref="MachineException">It failed; <paramref name="what"/> begins the message, its own last lines follow.</exception>
    public async Task RunAsync(string commandLine, string what, IProgressSink progress, CancellationToken cancel, string remedy = "")
    {
        var result = await session.StreamAsync(commandLine, line => Show(line, progress), cancel);
        if (result.ExitCode != 0)
        {
            throw DiskSpace.IsFull(result.Output.Raw)
                ? new MachineException($"{what} failed: the guest's disk is full\n{result.Output.LastLines(6)}", "raise disk: in the Machinefile", ExitCode.MachineUnavailable)
                : new MachineException(
                    $"{what} failed with exit code {result.ExitCode}:\n{result.Output.LastLines(15)}", remedy.Length > 0 ? remedy : null, ExitCode.MachineUnavailable);
        }
    }

    /// <summary>Writes a file of the host into the guest.</summary>
    public async Task SendAsync(string file, string guestPath, CancellationToken cancel)
    {
        await using var content = File.OpenRead(file);
        await SendAsync(content, $"cat >{Ssh.ShellQuote(guestPath)}", cancel);
    }

    /// <summary>Feeds a stream to a command in the guest.</summary>
    public async Task SendAsync(Stream content, string commandLine, CancellationToken cancel)
    {
        using var process = session.StartPiped(commandLine);
        await using var killed = cancel.Register(() => process.Kill(entireProcessTree: true));
        var errors = BoundedText.ReadAsync(process.StandardError, CancellationToken.None);
        var output = BoundedText.ReadAsync(process.StandardOutput, CancellationToken.None);
        try
        {
            await content.CopyToAsync(process.StandardInput.BaseStream, cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The guest's end closed early; its words and exit code say why.
        }

        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        await output;
        if (process.ExitCode != 0)
        {
            throw Failed(commandLine, await errors);
        }
    }

    /// <summary>Stores what a command in the guest writes.</summary>
    /// <param name="most">Bytes; the guest is not believed to end.</param>
    /// <exception cref="MachineException">It failed, or wrote more.</exception>
    public async Task ReceiveAsync(string commandLine, Stream target, long most, CancellationToken cancel)
    {
        using var process = session.StartPiped(commandLine);
        await using var killed = cancel.Register(() => process.Kill(entireProcessTree: true));
        process.StandardInput.Close();
        var errors = BoundedText.ReadAsync(process.StandardError, CancellationToken.None);
        var left = most;
        var buffer = new byte[1 << 16];
        int count;
        while ((count = await process.StandardOutput.BaseStream.ReadAsync(buffer, cancel)) > 0)
        {
            left -= count;
            if (left < 0)
            {
                process.Kill(entireProcessTree: true);
                throw new MachineException($"the guest sent more than {most} bytes at: {commandLine}", exitCode: ExitCode.MachineUnavailable);
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancel);
        }

        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            throw Failed(commandLine, await errors);
        }
    }

    public async Task PowerOffAsync(CancellationToken cancel)
    {
        await session.RunAsync("sync; systemctl poweroff", cancel);
        await session.CloseAsync();
        await machine.PowerOffAsync(TimeLimit.Minutes(1), cancel);
    }

    /// <summary>Ends it by freezing it, without a connection that nobody would ever close.</summary>
    public async Task FreezeAsync(string folder, CancellationToken cancel)
    {
        await session.CloseAsync();
        if (session.Listens())
        {
            throw new MachineException("the connection to the guest does not end, and would be frozen with it", exitCode: ExitCode.MachineUnavailable);
        }

        await Task.Delay(AfterConnection, cancel);
        await ((IFreezable)machine).FreezeAsync(folder, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        // Whatever the guest does with its connection, it ends.
        await machine.KillAsync(CancellationToken.None);
        await session.CloseAsync();
        await machine.DisposeAsync();
        if (Directory.Exists(runtime))
        {
            Directory.Delete(runtime, recursive: true);
        }
    }

    private static MachineException Failed(string commandLine, string errors) =>
        new($"the guest failed at: {commandLine}\n{Tainted.LastLines(errors, 8)}", exitCode: ExitCode.MachineUnavailable);

    private static long MemoryBytes() =>
        Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 1L << 30, 4L << 30) / (1 << 20) * (1 << 20);

    private static void Show(GuestText line, IProgressSink progress)
    {
        if (!line.IsEmpty)
        {
            progress.Detail(Tainted.Line(line.Raw));
        }
    }
}
