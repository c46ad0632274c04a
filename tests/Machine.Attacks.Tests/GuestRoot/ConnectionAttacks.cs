using System.Diagnostics;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Tests.Packages;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A guest's sshd that begins to change keys and never ends: the connection's master, which waits for it, answers nobody on the host.</summary>
public sealed class ConnectionAttacks : IDisposable
{
    private readonly TestFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_connection_that_answers_nothing_holds_up_neither_a_question_nor_its_end()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have no /proc to find the process by");
        var control = folder["ssh"];
        // As the master is then: it listens, and says nothing.
        using var silent = Process.Start("perl", ["-MIO::Socket::UNIX", "-e", "my $socket = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die; sleep 600", control, $"ControlPath={control}"]);
        var session = SshSession.AtSocket(control);
        await Poll.UntilAsync(session.Listens);
        var clock = Stopwatch.StartNew();

        (await session.IsConnectedAsync(Cancel)).ShouldBeFalse();
        (await Should.ThrowAsync<MachineException>(() => session.ForwardAsync(80, 8080, Cancel))).Message.ShouldContain("does not answer");
        await session.CloseAsync();

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(1));
        session.Listens().ShouldBeFalse();
        await silent.WaitForExitAsync(Cancel);
    }

    [Fact]
    public async Task Words_of_a_connection_that_never_end_fill_no_disk()
    {
        var log = folder["log"];

        var result = await HostProgram.TryRunAsync("/bin/sh", DetachedProgram.Arguments(log, ["/usr/bin/yes"], mostBytes: 1 << 20), Cancel);

        result.ExitCode.ShouldNotBe(0);
        new FileInfo(log).Length.ShouldBeLessThanOrEqualTo(1 << 20);
    }
}
