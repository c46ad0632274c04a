using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Supervision;

/// <summary>The ports of this host's loopback that lead into a machine.</summary>
internal sealed class PublishedPorts(IReadOnlyList<PortForward> ports)
{
    /// <summary>As people read them.</summary>
    public IReadOnlyList<string> Lines => [.. ports.Select(port => $"127.0.0.1:{port.Host} → {port.Guest}")];

    /// <summary>Whether somebody is connected to one of them.</summary>
    public bool AreInUse
    {
        get
        {
            var own = ports.Select(port => port.Host).ToHashSet();
            return own.Count > 0 && IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
                .Any(connection => connection.State == TcpState.Established && own.Contains(connection.LocalEndPoint.Port));
        }
    }

    /// <summary>Before minutes are spent on a boot.</summary>
    /// <exception cref="MachineException">Another program has one of them.</exception>
    public void RequireFree()
    {
        foreach (var port in ports)
        {
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port.Host);
                probe.Start();
            }
            catch (SocketException e)
            {
                throw new MachineException(
                    $"port {port.Host} of this host, which the Machinefile declares, cannot be opened: {e.Message}",
                    $"free it, or give another: ports: [\"{port.Host + 1}:{port.Guest}\"]",
                    ExitCode.MachineUnavailable,
                    e);
            }
        }
    }

    /// <summary>They stand as long as the session's connection does.</summary>
    /// <exception cref="MachineException">Another program has one of them.</exception>
    public async Task OpenAsync(IGuestSession guest, CancellationToken cancel)
    {
        foreach (var port in ports)
        {
            await guest.ForwardAsync(port.Host, port.Guest, cancel);
        }
    }
}
