using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>A machine that nobody uses suspends itself; one that somebody uses, however quietly, does not.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class IdleTests
{
    // Three looks of the watch, which has one each 15 seconds.
    private static readonly TimeSpan Longer = TimeSpan.FromSeconds(50);

    [Fact]
    public async Task It_suspends_itself_when_it_is_unused_and_not_before()
    {
        var port = ProjectFolder.FreePort();
        await using var project = new ProjectFolder("idle", $"idle: 10s\nports: [\"{port}:9000\"]\n");
        (await project.RunAsync("start", "--approve")).ShouldSucceed();

        // A command without output.
        var clock = Stopwatch.StartNew();
        (await project.ExecAsync("sleep", $"{Longer.TotalSeconds}")).ShouldSucceed();
        clock.Elapsed.ShouldBeGreaterThan(Longer);
        (await StateAsync(project)).ShouldBe("running");

        // A connection to a port, over which nothing comes. Who answers works outside the project's folder.
        (await project.ExecAsync("sh", "-c", ConnectionTests.Greeter)).ShouldSucceed();
        TcpClient? connection = null;
        await Eventually.TrueAsync(async () => (connection = await GreetedAsync(port)) is not null, TimeSpan.FromSeconds(60));
        using (connection)
        {
            await Task.Delay(Longer, TestContext.Current.CancellationToken);
            (await StateAsync(project)).ShouldBe("running");
        }

        await Eventually.TrueAsync(async () => await StateAsync(project) == "suspended", TimeSpan.FromMinutes(3));
        (await project.ExecAsync("echo", "back")).ShouldSucceed().Output.ShouldBe("back\n");
    }

    // Null where nobody inside answers.
    private static async Task<TcpClient?> GreetedAsync(int port)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        if (await connection.GetStream().ReadAsync(new byte[5], TestContext.Current.CancellationToken) > 0)
        {
            return connection;
        }

        connection.Dispose();
        return null;
    }

    private static async Task<string?> StateAsync(ProjectFolder project) =>
        JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement.GetProperty("state").GetString();
}
