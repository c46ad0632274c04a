using Machine.Tool.Doors.Credentials;
using Machine.Tool.Doors.Egress;
using Machine.Tool.Doors.Git;
using Machine.Tool.Doors.Secrets;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces.Lower;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>One start of a machine, from the Machinefile to a guest that takes commands.</summary>
internal sealed class MachineStart(
    ProjectMachine folders, MachinePaths paths, IEngine engine, ILoggerFactory logs, IProgressSink progress, GuestSessions sessions)
{
    // Bounds the guest's setup: volumes are formatted and mounted, folders shared.
    private static readonly TimeSpan SetupPatience = TimeLimit.Minutes(10);

    private readonly ILogger logger = logs.CreateLogger<MachineStart>();
    private readonly MachineBoot boot = new(paths, engine, logs.CreateLogger<MachineBoot>(), progress);
    private readonly ILowerTree lower = new SharedLower();
    private MachineRecord record = MachineRecord.ReadOrNew(folders.State, folders.Project, engine.Name);

    /// <exception cref="MachineException">It asks for more than was approved, or does not come up. One that held somebody's work runs on.</exception>
    public async Task<RunningMachine> RunAsync(TimeSpan bootDeadline, CancellationToken cancel)
    {
        ProjectFolderRule.Require(folders.Project, HostFacts.Current());
        var machinefile = MachinefileReader.Read(folders.Project);
        var plan = Approved(machinefile);
        var identity = await folders.IdentityAsync(cancel);
        var rules = new LiveRules(folders, paths, machinefile.Network.ToRules(), machinefile.Secrets);
        var log = new EgressLog(folders.NetworkLog, TimeProvider.System);
        var services = await ServiceHost.StartAsync(folders.GuestSocket, plan.Sources, paths, folders.PackagesLog, Services(rules, log), logs, cancel);
        EgressDoor? door = null;
        ArrivedMachine? arrived = null;
        try
        {
            services.Use(plan.Sources, plan.Restore, folders.Project.Path);
            services.FetchLocked(folders.Project.Path);
            door = EgressDoor.Open(folders.DoorSocket, rules.Current, Upstream.Real, log, logs.CreateLogger<EgressDoor>(), folders.GuestSocket);
            arrived = await TryAdoptAsync(cancel) ?? await TryResumeAsync(identity, cancel) ?? await BeginAsync(machinefile, identity, thaws: true, cancel);
            var guest = Session(arrived, identity);
            try
            {
                await ConnectAsync(guest, arrived, bootDeadline, cancel);
            }
            catch (MachineException e) when (arrived.Way == Arrival.Thawed)
            {
                await EndAsync(arrived.Machine, cancel);
                arrived = null;
                var template = record.TemplateKey!;
                Remember(record with { TemplateKey = null });
                boot.GiveUpForGood(template, e.Message);
                arrived = await BeginAsync(machinefile, identity, thaws: false, cancel);
                guest = Session(arrived, identity);
                await ConnectAsync(guest, arrived, bootDeadline, cancel);
            }

            // An adopted one too: its supervisor may have died while it stopped or suspended it, with volumes frozen or the workspace let go.
            await PrepareAsync(guest, arrived, cancel);
            if (arrived.Machine.Weakness is { } weakness && !record.WeaknessTold)
            {
                progress.Note(weakness);
                Remember(record with { WeaknessTold = true });
            }

            Remember(record with { Prepared = true, FreshVolumes = [], Started = arrived.Way == Arrival.Adopted ? record.Started : DateTimeOffset.UtcNow });
            if (arrived.Way == Arrival.Booted)
            {
                BackgroundWarm.Begin(folders, logger);
            }

            var running = new RunningMachine(arrived.Machine, guest, services, door, arrived.Started, record, lower, logger);
            await running.Orders.GetReadyAsync();
            return running;
        }
        catch
        {
            await GiveUpAsync(services, door, arrived);
            throw;
        }
    }

    private MachinePlan Approved(Machinefile machinefile)
    {
        var approvals = new ApprovalStore(paths);
        var plan = approvals.PlanOf(machinefile, folders.Project);
        if (!approvals.IsApproved(folders.Project, plan))
        {
            throw new MachineException("the Machinefile asks for more than was approved", "dotnet machine start   (shows what, and asks)", ExitCode.MachineUnavailable);
        }

        MachineProject.Remember(folders);
        approvals.Remember(folders.Project, plan);
        return plan;
    }

    private static async Task GiveUpAsync(ServiceHost services, EgressDoor? door, ArrivedMachine? arrived)
    {
        if (door is not null)
        {
            await door.DisposeAsync();
        }

        await services.DisposeAsync();
        if (arrived is { HoldsWork: false })
        {
            await arrived.Machine.KillAsync(CancellationToken.None);
        }

        if (arrived is not null)
        {
            // One with a user's work runs on: the next start finds it, and stop ends it.
            await arrived.Machine.DisposeAsync();
        }
    }

    /// <returns>Null when no prepared machine runs.</returns>
    private async Task<ArrivedMachine?> TryAdoptAsync(CancellationToken cancel)
    {
        if (await engine.AdoptAsync(folders.State, folders.Runtime, cancel) is not { } found)
        {
            return null;
        }

        if (!record.Prepared || StartedMachine.Read(folders.State) is not { } started)
        {
            // The guest was never prepared, so no user's work is in it.
            logger.LogInformation("found a machine that was never prepared; starting anew");
            await EndAsync(found, cancel);
            return null;
        }

        try
        {
            // The process lives, so a frozen state beside it is incomplete.
            Suspension.Forget(folders.State);
            return new ArrivedMachine(found, started, Arrival.Adopted);
        }
        catch
        {
            // Its control connection serves one at a time; who comes next needs it.
            await found.DisposeAsync();
            throw;
        }
    }

    /// <returns>Null where none is suspended, or it can't be brought back.</returns>
    private async Task<ArrivedMachine?> TryResumeAsync(GuestIdentity identity, CancellationToken cancel)
    {
        if (Suspension.IsThere(folders.State) && StartedMachine.Read(folders.State) is { } started)
        {
            SharedFolderRule.RequireUnchanged(started.Machinefile.Shares, folders.Project, HostFacts.Current());
            // Ports are checked while the frozen state still exists; a resume deletes it.
            new PublishedPorts(started.Machinefile.Ports).RequireFree();
        }

        return await boot.TryResumeAsync(folders.State, identity.Files, cancel) is { } resumed ? new ArrivedMachine(resumed.Machine, resumed.Started, Arrival.Resumed) : null;
    }

    private async Task<ArrivedMachine> BeginAsync(Machinefile machinefile, GuestIdentity identity, bool thaws, CancellationToken cancel)
    {
        SharedFolderRule.RequireUnchanged(machinefile.Shares, folders.Project, HostFacts.Current());
        new PublishedPorts(machinefile.Ports).RequireFree();
        if (thaws)
        {
            // Once, at the beginning: not again where a template failed.
            File.Delete(folders.NetworkOnce);
        }

        var volumes = new VolumeStore(folders, engine);
        progress.Step("image " + machinefile.Image);
        var image = await new ProjectImage(paths, engine, logs).EnsureAsync(folders, machinefile, progress, cancel);
        Remember(record with { ImageHash = image.Hash, Prepared = false, Started = null });

        record = await volumes.EnsureAsync(machinefile, record, cancel);
        var spec = MachineSpecs.Of(folders, machinefile, image, volumes.Disks(machinefile), identity.Files);
        var started = StartedMachine.Of(spec, machinefile).Save(folders.State);
        await IdentityFiles.WriteWorkAsync(
            identity.Files, GuestSetup.Work(folders.Project, machinefile, HostUser.Current, [.. record.FreshVolumes], DateTimeOffset.UtcNow, lower), cancel);
        var (machine, way) = await boot.StartAsync(spec, image, thaws, key => Remember(record with { TemplateKey = key }), cancel);
        return new ArrivedMachine(machine, started, way);
    }

    private async Task ConnectAsync(IGuestSession guest, ArrivedMachine arrived, TimeSpan bootDeadline, CancellationToken cancel)
    {
        if (arrived.Way != Arrival.Adopted || !await guest.IsConnectedAsync(cancel))
        {
            if (arrived.Way == Arrival.Adopted)
            {
                // One that does not answer would keep its ports.
                await guest.CloseAsync();
            }

            progress.Step(arrived.Step);
            await guest.ConnectAsync(arrived.Machine, arrived.Patience(bootDeadline), cancel);
        }
    }

    private async Task PrepareAsync(IGuestSession guest, ArrivedMachine arrived, CancellationToken cancel)
    {
        progress.Step("preparing the workspace");
        var machinefile = arrived.Started.Machinefile;
        var result = await RunAsync(files: arrived.Way == Arrival.Booted);
        if (result.ExitCode == GuestFiles.Missing)
        {
            result = await RunAsync(files: true);
        }

        if (result.ExitCode != 0)
        {
            throw new MachineException(
                $"the machine could not be prepared:\n{new GuestText(result.Error.Raw + result.Output.Raw).LastLines(12)}", "dotnet machine logs   shows more", ExitCode.MachineUnavailable);
        }

        await new PublishedPorts(machinefile.Ports).OpenAsync(guest, cancel);

        Task<GuestResult> RunAsync(bool files) => guest.RunAsync(
            "sh -s",
            cancel,
            GuestSetup.Script(files, folders.Project, machinefile, HostUser.Current, [.. record.FreshVolumes], DateTimeOffset.UtcNow, lower),
            SetupPatience);
    }

    private MachineServices Services(LiveRules rules, EgressLog log)
    {
        var credentials = new GitCredentials();
        return new MachineServices(
            rules.Current,
            new GitEndpoint(rules.Current, new GitUpstream(Upstream.Real), credentials, log, logs.CreateLogger<GitEndpoint>()),
            new SecretEndpoint(rules.Secrets, rules.Current, new SecretValues(credentials, folders.Project.Path), new TokenBudget(folders.Tokens, TimeProvider.System), log, Upstream.Real))
        {
            Credentials = credentials,
        };
    }

    private IGuestSession Session(ArrivedMachine arrived, GuestIdentity identity) =>
        sessions(identity.At(arrived.Machine.Ssh, folders.SshControl), [new GuestService(GuestLayout.ServicePort, folders.GuestSocket), new GuestService(GuestLayout.DoorPort, folders.DoorSocket)]);

    private void Remember(MachineRecord what) => record = what.Save(folders.State);

    private static async Task EndAsync(IEngineMachine machine, CancellationToken cancel)
    {
        await machine.KillAsync(cancel);
        await machine.DisposeAsync();
    }
}
