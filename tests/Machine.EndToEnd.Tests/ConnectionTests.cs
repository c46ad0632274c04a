using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>What connects a machine to this host: its ports, and the connection that carries them.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class ConnectionTests
{
    /// <summary>Greets whoever connects to port 9000 of the guest, and keeps the line open. It works outside the project's folder.</summary>
    public const string Greeter =
        "cd /; setsid perl -MIO::Socket::INET -e '$l = IO::Socket::INET->new(LocalPort => 9000, Listen => 5); while ($c = $l->accept) { print $c \"hello\\n\"; $c->flush; push @open, $c }' > /dev/null 2>&1 < /dev/null &";

    private readonly int port = ProjectFolder.FreePort();

    [Fact]
    public async Task Ports_survive_a_taken_port_at_resume_and_a_killed_connection()
    {
        await using var project = new ProjectFolder("connected", $"idle: never\nports: [\"{port}:9000\"]\n");
        (await project.RunAsync("start", "--approve")).ShouldSucceed();
        (await project.ExecAsync("sh", "-c", $"echo open > /dev/shm/work; {Greeter}")).ShouldSucceed();
        await Eventually.TrueAsync(async () => await GreetingAsync() == "hello", TimeSpan.FromSeconds(60));

        (await project.RunAsync("suspend")).ShouldSucceed();
        using (var taken = new TcpListener(IPAddress.Loopback, port))
        {
            taken.Start();
            var refused = await project.ExecAsync("true");
            refused.ExitCode.ShouldNotBe(0, refused.ToString());
            refused.Error.ShouldContain($"port {port} of this host");
        }

        (await project.ExecAsync("cat", "/dev/shm/work")).ShouldSucceed().Output.ShouldBe("open\n");
        (await GreetingAsync()).ShouldBe("hello");

        await KillConnectionAsync(project);
        (await project.ExecAsync("cat", "/dev/shm/work")).ShouldSucceed().Output.ShouldBe("open\n");
        (await GreetingAsync()).ShouldBe("hello");
    }

    private async Task<string?> GreetingAsync()
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(connection.GetStream());
        return await reader.ReadLineAsync(TestContext.Current.CancellationToken);
    }

    // ssh, which holds the ports: everything that names the machine's own socket.
    private static async Task KillConnectionAsync(ProjectFolder project)
    {
        var status = JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement;
        var socket = Encoding.UTF8.GetBytes($"/{status.GetProperty("id").GetString()!.Split('-')[^1]}/ssh");
        var killed = 0;
        foreach (var process in Process.GetProcessesByName("ssh"))
        {
            using (process)
            {
                if (CommandLine(process.Id).AsSpan().IndexOf(socket) >= 0)
                {
                    HostProcess.KillIfThere(process.Id);
                    killed++;
                }
            }
        }

        killed.ShouldBeGreaterThan(0);
    }

    // Empty where it has ended meanwhile, as each short ssh of the supervisor does.
    private static byte[] CommandLine(int process)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return [];
        }
    }
}
