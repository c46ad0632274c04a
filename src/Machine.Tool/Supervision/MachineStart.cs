using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>One start of a machine, from the Machinefile to a guest that takes commands.</summary>
/// <param name="sessions">How a guest at an address is talked to; null for <see cref="SshSession"/>.</param>
internal sealed class MachineStart(
    ProjectMachine folders, MachinePaths paths, IEngine engine, ILoggerFactory logs, IProgressSink progress, Func<GuestAddress, IGuestSession>? sessions = null)
{
    // A thaw takes seconds; on a busy host ten times as long. A guest whose memory is not what was frozen never answers.
    private static readonly TimeSpan ThawDeadline = TimeLimit.Minutes(2);

    // Volumes are made and mounted, folders shared.
    private static readonly TimeSpan SetupPatience = TimeLimit.Minutes(10);

    private readonly ILogger logger = logs.CreateLogger<MachineStart>();
    private bool quick;

    public async Task<RunningMachine> RunAsync(TimeSpan bootDeadline, CancellationToken cancel)
    {
        ProjectFolderRule.Require(folders.Project, HostFacts.Current());
        var machinefile = MachinefileReader.Read(folders.Project);
        var plan = MachinePlan.From(machinefile, folders.Project);
        if (!new ApprovalStore(paths).IsApproved(folders.Project, plan))
        {
            throw new MachineException("the Machinefile asks for more than was approved", "dotnet machine start   (shows what, and asks)", ExitCode.MachineUnavailable);
        }

        MachineProject.Remember(folders);
        var record = MachineRecord.ReadOrNew(folders.State, folders.Project, engine.Name);
        var identity = await folders.IdentityAsync(cancel);
        var services = await ServiceHost.StartAsync(folders.GuestSocket, plan.Sources, paths, folders.PackagesLog, forImages: false, logs, cancel);
        services.FetchLocked(folders.Project.Path);
        IEngineMachine? machine = null;
        var holdsWork = false;
        try
        {
            machine = await engine.AdoptAsync(folders.State, folders.Runtime, cancel);
            var started = StartedMachine.Read(folders.State);
            if (machine is { } found && (!record.Prepared || started is null))
            {
                // Its supervisor died before the guest was whole: nothing of a user's is in it.
                logger.LogInformation("found a machine that was never prepared; starting anew");
                await found.KillAsync(cancel);
                await found.DisposeAsync();
                machine = null;
            }

            var adopted = holdsWork = machine is not null;
            var booted = false;
            if (adopted)
            {
                // Frozen only in part, if at all: its process lives, and that is the machine.
                Suspension.Forget(folders.State);
            }
            else
            {
                if (Suspension.IsThere(folders.State) && started is not null)
                {
                    SharedFolderRule.RequireUnchanged(started.Machinefile.Shares, folders.Project, HostFacts.Current());
                    // While it is still on disk: once it runs, there is no way back.
                    PortsFree(started.Machinefile.Ports);
                }

                if (await Boot.TryResumeAsync(folders.State, identity.Files, cancel) is { } resumed)
                {
                    (machine, started, quick, holdsWork) = (resumed.Machine, resumed.Started, true, true);
                }
            }

            if (machine is null)
            {
                (machine, record, started) = await BootAsync(machinefile, record, identity, thaws: true, cancel);
                booted = !quick;
            }

            var guest = Session(machine, identity);
            if (!adopted || !await guest.IsConnectedAsync(cancel))
            {
                progress.Step(adopted ? "reconnecting" : quick ? "connecting" : "booting");
                var thawed = quick && !holdsWork;
                try
                {
                    await guest.ConnectAsync(machine, new GuestPatience(thawed ? ThawDeadline : bootDeadline, TimeSpan.FromMilliseconds(quick ? 40 : 250)), cancel);
                }
                catch (MachineException e) when (thawed)
                {
                    await machine.KillAsync(cancel);
                    await machine.DisposeAsync();
                    machine = null;
                    var template = record.TemplateKey!;
                    record = (record with { TemplateKey = null }).Save(folders.State);
                    Boot.GiveUpForGood(template, e.Message);
                    (machine, record, started) = await BootAsync(machinefile, record, identity, thaws: false, cancel);
                    booted = true;
                    guest = Session(machine, identity);
                    progress.Step("booting");
                    await guest.ConnectAsync(machine, new GuestPatience(bootDeadline, TimeSpan.FromMilliseconds(250)), cancel);
                }
            }

            // An adopted one too: its supervisor may have died while it stopped or suspended it, with volumes frozen or the workspace let go.
            await PrepareAsync(guest, started!.Machinefile, record, withFiles: booted, cancel);

            if (machine.Weakness is { } weakness && !record.WeaknessTold)
            {
                progress.Note(weakness);
                record = record with { WeaknessTold = true };
            }

            record = (record with { Prepared = true, FreshVolumes = [], Started = adopted ? record.Started : DateTimeOffset.UtcNow }).Save(folders.State);
            if (booted)
            {
                BackgroundWarm.Begin(folders, logger);
            }

            var running = new RunningMachine(machine, guest, services, started!, record, logger);
            await running.Orders.GetReadyAsync();
            return running;
        }
        catch
        {
            await services.DisposeAsync();
            if (machine is not null)
            {
                if (!holdsWork)
                {
                    await machine.KillAsync(CancellationToken.None);
                }

                // One with a user's work runs on: the next start finds it, and stop ends it.
                await machine.DisposeAsync();
            }

            throw;
        }
    }

    private MachineBoot Boot => new(paths, engine, logger, progress);

    private IGuestSession Session(IEngineMachine machine, GuestIdentity identity)
    {
        var address = identity.At(machine.SshPort, folders.SshControl);
        return sessions?.Invoke(address) ?? new SshSession(address, [new GuestService(GuestLayout.ServicePort, folders.GuestSocket)], logger);
    }

    private async Task<(IEngineMachine Machine, MachineRecord Record, StartedMachine Started)> BootAsync(
        Machinefile machinefile, MachineRecord record, GuestIdentity identity, bool thaws, CancellationToken cancel)
    {
        SharedFolderRule.RequireUnchanged(machinefile.Shares, folders.Project, HostFacts.Current());
        PortsFree(machinefile.Ports);
        progress.Step("image " + machinefile.Image);
        var image = await new ProjectImage(paths, engine, logs).EnsureAsync(folders, machinefile, progress, cancel);
        record = (record with { ImageHash = image.Hash, Prepared = false, Started = null }).Save(folders.State);

        var volumes = new VolumeStore(folders, engine);
        record = await volumes.EnsureAsync(machinefile, record, cancel);
        var spec = MachineSpecs.Of(folders, machinefile, image, VolumeStore.Disks(machinefile, volumes), identity.Files);
        var started = StartedMachine.Of(spec, machinefile).Save(folders.State);
        await IdentityFiles.WriteWorkAsync(
            identity.Files, GuestSetup.Work(folders.Project, machinefile, HostUser.Current, [.. record.FreshVolumes], DateTimeOffset.UtcNow), cancel);
        (var machine, quick) = await Boot.StartAsync(
            spec,
            image,
            thaws,
            key => record = (record with { TemplateKey = key }).Save(folders.State),
            cancel);
        return (machine, record, started);
    }

    private async Task PrepareAsync(IGuestSession guest, Machinefile machinefile, MachineRecord record, bool withFiles, CancellationToken cancel)
    {
        progress.Step("preparing the workspace");
        var result = await RunAsync(withFiles);
        if (result.ExitCode == GuestFiles.Missing)
        {
            result = await RunAsync(files: true);
        }

        if (result.ExitCode != 0)
        {
            throw new MachineException(
                $"the machine could not be prepared:\n{new GuestText(result.Error.Raw + result.Output.Raw).LastLines(12)}", "dotnet machine logs   shows more", ExitCode.MachineUnavailable);
        }

        foreach (var port in machinefile.Ports)
        {
            await guest.ForwardAsync(port.Host, port.Guest, cancel);
        }

        Task<GuestResult> RunAsync(bool files) => guest.RunAsync(
            "sh -s",
            cancel,
            GuestSetup.Script(files, folders.Project, machinefile, HostUser.Current, [.. record.FreshVolumes], DateTimeOffset.UtcNow),
            SetupPatience);
    }

    // Said before minutes are spent on a boot.
    private static void PortsFree(IReadOnlyList<PortForward> ports)
    {
        foreach (var port in ports)
        {
            try
            {
                using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port.Host);
                probe.Start();
            }
            catch (System.Net.Sockets.SocketException e)
            {
                throw new MachineException(
                    $"port {port.Host} of this host, which the Machinefile declares, cannot be opened: {e.Message}",
                    $"free it, or give another: ports: [\"{port.Host + 1}:{port.Guest}\"]",
                    ExitCode.MachineUnavailable,
                    e);
            }
        }
    }
}
