using System.Diagnostics;
using Machine.Tool.Engines;
using Machine.Tool.Hosting;

namespace Machine.Tool.Images.Layers;

/// <summary>A machine that runs what others wrote, so that it never runs on the host: its disk becomes an image.</summary>
internal sealed class BuildGuest : IAsyncDisposable
{
    // Without hardware acceleration, and with the host busy, a boot of 20 seconds has been seen to take 90.
    private static readonly TimeSpan BootLimit = TimeLimit.Minutes(6);

    // A disk that boots by itself, for the first time, with all that its distribution starts.
    private static readonly TimeSpan FirstBootLimit = TimeLimit.Minutes(25);

    // What sshd does after a connection's end is no part of a template; emulated it takes up to a second.
    private static readonly TimeSpan AfterConnection = TimeLimit.Settle(2);

    private readonly IEngineMachine machine;
    private readonly GuestConnection guest;
    private readonly string runtime;
    private Process? master;

    private BuildGuest(IEngineMachine machine, GuestConnection guest, string runtime)
    {
        this.machine = machine;
        this.guest = guest;
        this.runtime = runtime;
    }

    public static async Task<BuildGuest> BootAsync(
        IEngine engine, MachinePaths paths, string folder, string hash, BootImage image, DiskFile disk, long diskBytes,
        IReadOnlyList<VolumeDisk> volumes, IReadOnlyList<BuildService> services, IProgressSink progress, CancellationToken cancel,
        Func<MachineSpec, BuildIdentity, MachineSpec>? shape = null)
    {
        var identity = await BuildIdentity.CreateAsync(Path.Combine(folder, "identity"), cancel);
        var id = $"image-{hash[..8]}";
        var runtime = paths.CreateRuntime(id);
        var spec = new MachineSpec(
            id, MachinePaths.CreatePrivate(Path.Combine(folder, "machine")), runtime, image, Math.Clamp(Environment.ProcessorCount, 1, 4), MemoryBytes(), diskBytes, [], volumes, identity.Files, disk);
        progress.Step("booting the image");
        var machine = await engine.StartAsync(shape?.Invoke(spec, identity) ?? spec, progress, cancel);
        var built = new BuildGuest(machine, new GuestConnection(machine.SshPort, identity.PrivateKey, identity.KnownHosts, Path.Combine(runtime, "ssh")), runtime);
        try
        {
            // It may answer with keys of its own before it has read those that it was given.
            var strange = image.Kernel is null;
            await GuestBoot.WaitAsync(machine, built.guest, strange ? FirstBootLimit : BootLimit, progress, cancel, identityComesLate: strange);
            await built.ConnectAsync(services, cancel);
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
        var result = await HostProgram.StreamAsync(
            Ssh.Program, [.. Ssh.Arguments(guest), commandLine], input: "", line => Show(line, progress), cancel);
        if (result.ExitCode != 0)
        {
            throw DiskSpace.IsFull(result.Output)
                ? new MachineException($"{what} failed: the guest's disk is full\n{HostProgram.LastLines(Tainted.Lines(result.Output), 6)}", "raise disk: in the Machinefile", ExitCode.MachineUnavailable)
                : new MachineException(
                    $"{what} failed with exit code {result.ExitCode}:\n{HostProgram.LastLines(Tainted.Lines(result.Output), 15)}", remedy.Length > 0 ? remedy : null, ExitCode.MachineUnavailable);
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
        using var process = Ssh.StartPiped(guest, commandLine);
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
        using var process = Ssh.StartPiped(guest, commandLine);
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
        await Ssh.TryRunAsync(guest, "sync; systemctl poweroff", cancel);
        await CloseMasterAsync();
        await machine.PowerOffAsync(TimeLimit.Minutes(1), cancel);
    }

    /// <summary>Ends it by freezing it, without a connection that nobody would ever close.</summary>
    public async Task FreezeAsync(string folder, CancellationToken cancel)
    {
        await CloseMasterAsync();
        await Task.Delay(AfterConnection, cancel);
        await machine.FreezeAsync(folder, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseMasterAsync();
        await machine.KillAsync(CancellationToken.None);
        await machine.DisposeAsync();
        if (Directory.Exists(runtime))
        {
            Directory.Delete(runtime, recursive: true);
        }
    }

    // One connection for everything: a handshake takes a second without hardware acceleration, and it carries the services.
    private async Task ConnectAsync(IReadOnlyList<BuildService> services, CancellationToken cancel)
    {
        var forwards = services.SelectMany(service => new[] { "-R", $"127.0.0.1:{service.GuestPort}:{service.HostSocket}" });
        string[] options = ["-M", "-N", "-o", "ControlMaster=yes", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=30", .. forwards];
        master = HostProgram.Start(Ssh.Program, Ssh.Arguments(guest, options), start =>
        {
            start.RedirectStandardInput = true;
            start.RedirectStandardOutput = true;
            start.RedirectStandardError = true;
        });
        var errors = BoundedText.ReadAsync(master.StandardError, cancel);
        while (!File.Exists(guest.ControlPath))
        {
            if (master.HasExited)
            {
                throw new MachineException($"the connection to the guest could not be opened:\n{HostProgram.LastLines(await errors, 5)}", exitCode: ExitCode.MachineUnavailable);
            }

            await Task.Delay(50, cancel);
        }
    }

    private async Task CloseMasterAsync()
    {
        if (master is null)
        {
            return;
        }

        try
        {
            master.Kill(entireProcessTree: true);
            await master.WaitForExitAsync(CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }

        master.Dispose();
        master = null;
    }

    private static MachineException Failed(string commandLine, string errors) =>
        new($"the guest failed at: {commandLine}\n{Tainted.LastLines(errors, 8)}", exitCode: ExitCode.MachineUnavailable);

    private static long MemoryBytes() =>
        Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 1L << 30, 4L << 30) / (1 << 20) * (1 << 20);

    private static void Show(string line, IProgressSink progress)
    {
        if (!string.IsNullOrWhiteSpace(line))
        {
            progress.Detail(Tainted.Line(line));
        }
    }
}
