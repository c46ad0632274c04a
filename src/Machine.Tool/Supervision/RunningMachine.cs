using Machine.Tool.Doors.Egress;
using Machine.Tool.Engines;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machinefiles.Network;
using Machine.Tool.Machinefiles.Restore;
using Machine.Tool.Machinefiles.Sources;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Lower;
using Microsoft.Extensions.Logging;

namespace Machine.Tool.Supervision;

/// <summary>A machine that takes commands, with everything that serves it.</summary>
internal sealed class RunningMachine(
    IEngineMachine machine, IGuestSession guest, ServiceHost services, EgressDoor door, StartedMachine started, MachineRecord record, ILowerTree lower, ILogger logger)
    : IAsyncDisposable
{
    private static readonly GuestPatience Reconnecting = new(TimeLimit.Minutes(1), TimeSpan.FromMilliseconds(250));

    private readonly SemaphoreSlim connecting = new(1);
    private int disposed;

    public IEngineMachine Machine => machine;

    public IGuestSession Guest => guest;

    public ILowerTree Lower => lower;

    /// <summary>Tells what commands changed; between two of them one process of it waits in the guest.</summary>
    public GuestProgram Changes { get; } = GuestProgram.Over(guest);

    /// <summary>Sends each command's order into the guest.</summary>
    public GuestOrders Orders { get; } = GuestOrders.Over(guest);

    /// <summary>As it was started: the file may say something else by now.</summary>
    public Machinefile Machinefile => started.Machinefile;

    public string MachinefileHash => started.MachinefileHash;

    public PublishedPorts Ports { get; } = new(started.Machinefile.Ports);

    public MachineRecord Record => record;

    /// <summary>Connections that were denied since this supervisor began.</summary>
    public int Denied => door.Denied;

    /// <summary>What it may reach now.</summary>
    public NetworkRules Rules => door.Rules;

    /// <summary>Keeps what is denied from now on, until it is disposed of.</summary>
    public DeniedWatch WatchDenied() => door.Watch();

    /// <summary>The project's nuget.config files and package rules, as they were approved for the command that comes.</summary>
    public void Use(ProjectSources sources, RestoreSettings rules) => services.Use(sources, rules, record.Project);

    /// <summary>The variables of whoever runs the command that comes.</summary>
    public void Take(IReadOnlyDictionary<string, string> environment) => services.Take(environment);

    /// <summary>Connects again where the connection has gone, which carries the feed and the ports: somebody killed it, or the host slept too long.</summary>
    public async Task EnsureConnectedAsync(CancellationToken cancel)
    {
        if (guest.Listens())
        {
            return;
        }

        await connecting.WaitAsync(cancel);
        try
        {
            if (!guest.Listens())
            {
                logger.LogWarning("the connection to the guest has gone; connecting again");
                await guest.ConnectAsync(machine, Reconnecting, cancel);
                await Ports.OpenAsync(guest, cancel);
            }
        }
        finally
        {
            connecting.Release();
        }
    }

    /// <summary>
    /// Ends the machine. The root disk is forgotten anyway, so nothing waits for an orderly shutdown: the volumes are
    /// frozen, which leaves clean file systems, and the power goes.
    /// </summary>
    public async Task StopAsync(TimeSpan grace, CancellationToken cancel)
    {
        var frozen = await VolumeFreeze.TryAsync(guest, Machinefile, grace, logger, cancel);
        await machine.PowerOffAsync(frozen ? TimeSpan.Zero : grace, cancel);
        await DisposeAsync();
    }

    /// <summary>Makes the guest let go of the host's folders, so that it can be frozen.</summary>
    /// <returns>Why it does not; null when it did.</returns>
    public Task<string?> LetGoOfSharesAsync(string project, CancellationToken cancel)
    {
        // What waits there holds the workspace.
        Changes.Dispose();
        return lower.LetGoAsync(guest, project, Machinefile.Shares.Select(share => share.GuestPath), cancel);
    }

    public async ValueTask DisposeAsync()
    {
        // The watcher of the machine's end and a stop may both come here.
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        await DisconnectAsync();
        await machine.DisposeAsync();
        connecting.Dispose();
    }

    /// <summary>Ends the connection and what it served; the machine runs on.</summary>
    public async Task DisconnectAsync()
    {
        Changes.Dispose();
        Orders.Dispose();
        await guest.CloseAsync();
        await door.DisposeAsync();
        await services.DisposeAsync();
    }
}
