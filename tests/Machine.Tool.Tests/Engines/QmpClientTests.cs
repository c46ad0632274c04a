using System.Diagnostics;
using Machine.Tool.Engines.Qemu;
using Machine.Tool.Hosting;

namespace Machine.Tool.Tests.Engines;

/// <summary>Against a QEMU without any machine: it is up in milliseconds.</summary>
public sealed class QmpClientTests : IAsyncLifetime
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mt-qmp-");
    private Process? qemu;

    private string Socket => Path.Combine(folder.FullName, "qmp.sock");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(HostProgram.Find(QemuProgram.Name) is null, "QEMU is not installed");
        qemu = Process.Start(
            HostProgram.Find(QemuProgram.Name)!,
            ["-M", "none", "-nodefaults", "-display", "none", "-S", "-chardev", $"socket,id=q,path={Socket},server=on,wait=off", "-mon", "chardev=q,mode=control"]);
        await QemuFixture.UntilAsync(() => File.Exists(Socket), "QEMU's socket");
    }

    public async ValueTask DisposeAsync()
    {
        if (qemu is not null)
        {
            qemu.Kill();
            await qemu.WaitForExitAsync();
            qemu.Dispose();
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_command_is_answered()
    {
        await using var client = await ConnectAsync();
        (await client.ExecuteAsync("query-status", null, Cancel)).GetProperty("status").GetString().ShouldBe("prelaunch");
    }

    [Fact]
    public async Task Commands_sent_at_once_each_get_their_own_answer()
    {
        await using var client = await ConnectAsync();
        var names = client.ExecuteAsync("query-name", null, Cancel);
        var versions = Enumerable.Range(0, 50).Select(_ => client.ExecuteAsync("query-version", null, Cancel)).ToList();
        foreach (var version in await Task.WhenAll(versions))
        {
            version.GetProperty("qemu").GetProperty("major").GetInt32().ShouldBeGreaterThan(0);
        }

        (await names).TryGetProperty("qemu", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_refusal_carries_QEMUs_own_words()
    {
        await using var client = await ConnectAsync();
        var failure = await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("device_add", new { driver = "no-such-device" }, Cancel));
        failure.Message.ShouldContain("device_add");
        failure.Message.ShouldContain("no-such-device");
    }

    [Fact]
    public async Task Events_between_answers_are_told_apart()
    {
        var events = new List<string>();
        await using var client = await QmpClient.ConnectAsync(Socket, (name, _) => events.Add(name), () => true, Timeout, Cancel);
        await client.ExecuteAsync("cont", null, Cancel);
        await client.ExecuteAsync("stop", null, Cancel);
        await client.ExecuteAsync("query-status", null, Cancel);
        events.ShouldBe(["RESUME", "STOP"]);
    }

    [Fact]
    public async Task Its_end_is_noticed_and_a_command_after_it_fails()
    {
        await using var client = await ConnectAsync();
        await client.ExecuteAsync("quit", null, Cancel);
        await client.Closed.WaitAsync(Timeout, Cancel);
        (await Should.ThrowAsync<MachineException>(() => client.ExecuteAsync("query-status", null, Cancel))).Message.ShouldContain("query-status");
    }

    [Fact]
    public async Task A_QEMU_that_stands_still_is_given_up_after_the_timeout()
    {
        await using var client = await ConnectAsync();
        using var stop = Process.Start("kill", ["-STOP", $"{qemu!.Id}"]);
        await stop.WaitForExitAsync(Cancel);
        var failure = await Should.ThrowAsync<MachineException>(
            () => client.ExecuteAsync("query-status", null, Cancel, TimeSpan.FromMilliseconds(200)));
        failure.Message.ShouldContain("did not answer query-status");
    }

    [Fact]
    public async Task A_second_client_waits_for_its_turn_and_gives_up_in_time()
    {
        await using var first = await ConnectAsync();
        var failure = await Should.ThrowAsync<MachineException>(
            () => QmpClient.ConnectAsync(Socket, null, () => true, TimeSpan.FromMilliseconds(300), Cancel));
        failure.Message.ShouldContain(Socket);
    }

    [Fact]
    public async Task Nobody_at_the_socket_is_a_clean_error()
    {
        var path = Path.Combine(folder.FullName, "nobody.sock");
        (await Should.ThrowAsync<MachineException>(() => QmpClient.ConnectAsync(path, null, () => true, Timeout, Cancel))).Message.ShouldContain(path);
    }

    [Fact]
    public async Task The_socket_of_a_QEMU_that_ended_is_not_waited_for()
    {
        qemu!.Kill();
        await qemu.WaitForExitAsync(Cancel);
        File.Exists(Socket).ShouldBeTrue("a killed QEMU leaves its socket");
        var clock = Stopwatch.StartNew();
        var asked = 0;
        await Should.ThrowAsync<MachineException>(() => QmpClient.ConnectAsync(Socket, null, () => ++asked < 3, Timeout, Cancel));
        asked.ShouldBe(3);
        clock.Elapsed.ShouldBeLessThan(Timeout / 2);
    }

    private Task<QmpClient> ConnectAsync() => QmpClient.ConnectAsync(Socket, null, () => true, Timeout, Cancel);
}
