using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>An emulator that its guest has taken over answers the supervisor with what it likes: nobody waits for ever, and the next command works or fails.</summary>
public sealed class LyingQmpAttacks : IDisposable
{
    private const string Greeting = """{"QMP":{}}""";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mt-lies-");
    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Path => System.IO.Path.Combine(folder.FullName, "qmp.sock");

    public void Dispose()
    {
        listener.Dispose();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{}")]
    [InlineData("""{"event":1}""")]
    [InlineData("""{"event":null,"data":[]}""")]
    [InlineData("""{"event":"SHUTDOWN"}""")]
    [InlineData("""{"event":"SHUTDOWN","data":7}""")]
    [InlineData("""{"event":"BLOCK_IO_ERROR","data":"x"}""")]
    [InlineData("""{"id":"one","return":{}}""")]
    [InlineData("""{"id":1.5,"return":{}}""")]
    [InlineData("""{"id":99999999999999999999,"return":{}}""")]
    [InlineData("""{"id":-7,"error":{}}""")]
    [InlineData("""{"id":{},"return":{}}""")]
    [InlineData("""{"QMP":7}""")]
    public async Task A_message_without_sense_is_passed_over_and_the_next_command_is_answered(string lie)
    {
        _ = ServeAsync(id => id == 1 ? [Answer(1)] : [lie, Answer(id)]);
        await using var client = await ConnectAsync();
        (await client.ExecuteAsync("query-status", null, Cancel, Soon)).ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Object);
        client.Misbehaved.ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"id":2}""")]
    [InlineData("""{"id":2,"error":7}""")]
    [InlineData("""{"id":2,"error":{}}""")]
    [InlineData("""{"id":2,"error":{"desc":7}}""")]
    [InlineData("""{"id":2,"error":{"desc":"\u001b]52;c;ZXZpbA==\u0007"}}""")]
    public async Task A_refusal_without_a_reason_is_a_refusal(string lie)
    {
        _ = ServeAsync(id => id == 1 ? [Answer(1)] : [lie]);
        await using var client = await ConnectAsync();
        var failure = await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("query-status", null, Cancel, Soon));
        failure.Message.ShouldContain("refused query-status");
        failure.Message.ShouldNotContain("\u001b");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{")]
    [InlineData("{\"a\":\u0001}")]
    [InlineData("\u0000")]
    [InlineData("deep")]
    [InlineData("endless")]
    public async Task One_that_says_what_no_emulator_says_is_hung_up_on_at_once(string lie)
    {
        var text = lie switch { "deep" => new string('[', 100_000), "endless" => new string('x', QmpClient.LongestLine + 1), _ => lie };
        _ = ServeAsync(id => id == 1 ? [Answer(1)] : [text]);
        await using var client = await ConnectAsync();
        await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("query-status", null, Cancel, Soon));
        await client.Closed.WaitAsync(Soon, Cancel);
        client.Misbehaved.ShouldBeTrue();
    }

    [Fact]
    public async Task One_that_says_nothing_costs_no_more_than_the_time_it_was_given()
    {
        _ = ServeAsync(id => id == 1 ? [Answer(1)] : []);
        await using var client = await ConnectAsync();
        var clock = Stopwatch.StartNew();
        await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("query-status", null, Cancel, TimeSpan.FromSeconds(1)));
        clock.Elapsed.ShouldBeLessThan(Soon);
    }

    [Fact]
    public async Task One_that_reads_nothing_blocks_no_command_for_ever()
    {
        _ = ServeAsync(id => [Answer(id)], most: 1);
        await using var client = await ConnectAsync();
        var clock = Stopwatch.StartNew();
        await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("x", new { text = new string('x', 32 << 20) }, Cancel, TimeSpan.FromSeconds(1)));
        await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("y", null, Cancel, TimeSpan.FromSeconds(1)));
        clock.Elapsed.ShouldBeLessThan(Soon);
    }

    [Fact]
    public async Task A_handler_that_fails_on_an_event_lets_nobody_wait()
    {
        _ = ServeAsync(id => id == 1 ? [Answer(1)] : ["""{"event":"SHUTDOWN","data":{}}"""]);
        await using var client = await QmpClient.ConnectAsync(Path, (_, data) => data.GetProperty("reason"), () => true, Soon, Cancel);
        await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("query-status", null, Cancel, Soon));
        await client.Closed.WaitAsync(Soon, Cancel);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("\u0000")]
    [InlineData("endless")]
    public async Task One_that_says_what_no_emulator_says_is_ended(string lie)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "starts sleep in the emulator's place");
        // No child of the runtime's own: who buries it is the machine.
        var emulator = int.Parse(await HostProgram.RunAsync("sh", ["-c", "sleep 600 >/dev/null 2>&1 & echo $!"], Cancel), System.Globalization.CultureInfo.InvariantCulture);
        var places = new QemuPlaces(folder.FullName, folder.CreateSubdirectory("run").FullName);
        Directory.CreateDirectory(places.Sockets);
        Directory.CreateDirectory(places.Logs);
        using var console = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        console.Bind(new UnixDomainSocketEndPoint(places.ConsoleSocket));
        console.Listen();
        var process = HostProcess.Find(emulator)!;
        var state = new QemuState
        {
            Uuid = Guid.NewGuid(),
            Process = process,
            SshPort = 1,
            Accelerator = "tcg",
            RootIsEphemeral = false,
            Build = new QemuBuild("qemu", 6, true, false, [], []),
        };
        state.Write(places);
        var text = lie == "endless" ? new string('x', QmpClient.LongestLine + 1) : lie;
        _ = ServeAsync(id => id switch { 1 => [Answer(1)], 2 => [$"{{\"id\":2,\"return\":{{\"UUID\":\"{state.Uuid}\"}}}}"], _ => [text] }, at: places.QmpSocket);
        await using var machine = await QemuMachine.AttachAsync(places, state, process, newConsole: true, Soon, Cancel);

        await Should.ThrowAsync<MachineException>(() => machine.StatusAsync(Cancel));

        (await machine.Exited.WaitAsync(Soon, Cancel)).ShouldContain("said what no QEMU says: it was ended");
        process.IsAlive.ShouldBeFalse();
        QemuState.Read(places).ShouldBeNull("nobody takes it for running");
    }

    private static string Answer(int id) => $"{{\"id\":{id},\"return\":{{}}}}";

    private Task<QmpClient> ConnectAsync() => QmpClient.ConnectAsync(Path, null, () => true, Soon, Cancel);

    // Greets, and answers the command with each number by these lines.
    private Task ServeAsync(Func<int, string[]> answer, int most = int.MaxValue, string? at = null)
    {
        listener.Bind(new UnixDomainSocketEndPoint(at ?? Path));
        listener.Listen();
        return Task.Run(
            async () =>
            {
                var connection = await listener.AcceptAsync(Cancel);
                await connection.SendAsync(Encoding.UTF8.GetBytes(Greeting + "\n"));
                var buffer = new byte[64 << 10];
                for (var id = 1; id <= most && await connection.ReceiveAsync(buffer, Cancel) > 0; id++)
                {
                    foreach (var line in answer(id))
                    {
                        for (ReadOnlyMemory<byte> rest = Encoding.UTF8.GetBytes(line + "\n"); !rest.IsEmpty;)
                        {
                            rest = rest[await connection.SendAsync(rest, Cancel)..];
                        }
                    }
                }
            },
            Cancel);
    }
}
