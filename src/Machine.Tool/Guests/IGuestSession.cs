using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Guests;

/// <summary>A guest seen from the host. Everything that goes to it shares one connection, which also brings services in and ports out.</summary>
internal interface IGuestSession
{
    /// <summary>What a client process needs to use the shared connection itself.</summary>
    GuestAddress Address { get; }

    /// <summary>Opens the shared connection and offers the services, again and again until the guest answers.</summary>
    /// <exception cref="MachineException">The machine ended, refused this host, or did not answer in time; carries its console's last lines.</exception>
    Task ConnectAsync(IGuestMachine machine, GuestPatience patience, CancellationToken cancel);

    /// <summary>Whether somebody listens where the shared connection is to be had. Cheaper than <see cref="IsConnectedAsync"/>, for every command.</summary>
    bool Listens();

    /// <summary>True while the shared connection stands.</summary>
    Task<bool> IsConnectedAsync(CancellationToken cancel);

    /// <summary>Runs one command line in the guest's shell, as root, and captures what it says.</summary>
    /// <param name="patience">For all of it; null for <see cref="Ssh.ShortPatience"/>.</param>
    /// <exception cref="MachineException">The guest did not come to an end with it.</exception>
    Task<GuestResult> RunAsync(string commandLine, CancellationToken cancel, string? input = null, TimeSpan? patience = null);

    /// <summary>Runs one that takes long, and hands on its lines while they come. Its output is the last lines of both streams.</summary>
    Task<GuestResult> StreamAsync(string commandLine, Action<GuestText> line, CancellationToken cancel);

    /// <summary>Starts a command line with pipes at its three streams, for bytes.</summary>
    Process StartPiped(string commandLine);

    /// <summary>Opens a loopback port of the host onto a loopback port of the guest.</summary>
    /// <exception cref="MachineException">The host's port is taken.</exception>
    Task ForwardAsync(int hostPort, int guestPort, CancellationToken cancel);

    /// <summary>Ends the shared connection, and with it services and ports; takes seconds, whatever the guest does.</summary>
    Task CloseAsync();
}

/// <summary>A server on a Unix socket of the host that the guest reaches at a loopback port of its own.</summary>
internal sealed record GuestService(int GuestPort, string HostSocket);

/// <summary>How a guest that starts is waited for.</summary>
/// <param name="Limit">For the whole of it.</param>
/// <param name="Retry">After a refusal: a guest that boots needs the processor more than it needs to be asked.</param>
/// <param name="AfterGreeting">
/// ssh is started only once the guest's sshd has said a word. A connection that is given up while the guest boots reaches its sshd later, and a key exchange
/// there costs a second without hardware acceleration.
/// </param>
/// <param name="RefusalIsFinal">The guest has read its identity before its sshd answers, so a wrong host key or a refusal is no matter of time.</param>
/// <param name="Attempt">For one connection with its key exchange; null: a minute.</param>
internal sealed record GuestPatience(TimeSpan Limit, TimeSpan Retry, bool AfterGreeting = false, bool RefusalIsFinal = false, TimeSpan? Attempt = null);

/// <summary>How a guest at an address is talked to.</summary>
internal delegate IGuestSession GuestSessions(GuestAddress address, IReadOnlyList<GuestService> services);
