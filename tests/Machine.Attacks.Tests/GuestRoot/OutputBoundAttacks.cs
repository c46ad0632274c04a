using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;
using Machine.Tool.Workspaces.Listing;

namespace Machine.Attacks.Tests.GuestRoot;

/// <summary>A guest says endlessly much, or never ends. The canaries are this process's memory and the time.</summary>
public sealed class OutputBoundAttacks : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("machine-bounds-").FullName;
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData(">&2")]
    public async Task What_a_program_says_is_kept_in_part(string stream)
    {
        var result = await HostProgram.TryRunAsync("/bin/sh", ["-c", $"{{ echo first; yes 0123456789012345678901234567890 2>/dev/null | head -c 134217728; echo last; }} {stream}"], cancel);

        result.ExitCode.ShouldBe(0);
        var said = result.Output + result.Error;
        said.Length.ShouldBeLessThan(BoundedText.MostHead + BoundedText.MostTail + 100);
        said.ShouldStartWith("first\n");
        said.ShouldEndWith("last\n");
        said.ShouldContain("characters are left out");
    }

    [Fact]
    public async Task What_is_short_is_kept_whole()
    {
        var text = new string('x', BoundedText.MostHead + BoundedText.MostTail);
        (await BoundedText.ReadAsync(new StringReader(text), cancel)).ShouldBe(text);
    }

    [Fact]
    public async Task A_line_without_end_is_cut()
    {
        var longest = 0;
        var result = await HostProgram.StreamAsync("/bin/sh", ["-c", "yes 2>/dev/null | tr -d '\\n' 2>/dev/null | head -c 67108864; echo; echo last"], "", line => longest = Math.Max(longest, line.Length), cancel);

        result.Output.ShouldEndWith("last");
        longest.ShouldBeLessThanOrEqualTo(BoundedText.MostLine);
    }

    [Fact]
    public async Task A_guest_that_answers_nothing_is_given_up()
    {
        // Accepts, and never speaks: the real ssh waits for a banner.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var guest = new GuestAddress((IPEndPoint)silent.LocalEndpoint, "none", "none", Path.Combine(folder, "control"));
        var clock = Stopwatch.StartNew();

        var failure = await Should.ThrowAsync<MachineException>(() => Ssh.RunAsync(guest, "true", cancel, patience: TimeSpan.FromSeconds(1)));

        failure.Message.ShouldContain("did not end within 1 seconds");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task An_answer_that_drips_is_given_up()
    {
        var reader = new GuestReader(new Dripping(), cancel, TimeSpan.FromSeconds(1));
        var clock = Stopwatch.StartNew();

        var failure = await Should.ThrowAsync<GuestProtocolException>(async () =>
        {
            while (true)
            {
                await reader.FieldAsync(10);
            }
        });

        failure.Message.ShouldContain("does not end");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("printf 'end\\0'; exec sleep 600")]
    [InlineData("printf 'end\\0'; exec >/dev/null; exec sleep 600")]
    public async Task A_program_that_goes_on_after_its_answer_is_given_up(string script)
    {
        var clock = Stopwatch.StartNew();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        using var program = new GuestProgram((_, _) => Piped("/bin/sh", ["-c", script]), TimeSpan.FromSeconds(1));

        // Closed after the answer: given up by itself. Left open: by whoever waits for the command.
        var failure = await Should.ThrowAsync<Exception>(() => program.RunAsync("list", [], default, async reader => (await reader.TextAsync(10)).ShouldBe("end"), patience.Token));

        (failure is GuestProtocolException or OperationCanceledException).ShouldBeTrue(failure.ToString());
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_guest_that_takes_no_orders_holds_nobody_up()
    {
        using var orders = new GuestOrders(() => Piped("/bin/sleep", ["600"]), TimeSpan.FromSeconds(1));
        var clock = Stopwatch.StartNew();

        (await Should.ThrowAsync<MachineException>(() => orders.SendAsync(RunningCommands.NewToken(), new byte[1 << 20], cancel))).Message.ShouldContain("did not take an order");

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_guest_that_ends_its_program_for_orders_is_told_of()
    {
        using var orders = new GuestOrders(() => Piped("/bin/true", []));

        (await Should.ThrowAsync<MachineException>(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                await orders.SendAsync(RunningCommands.NewToken(), new byte[1 << 20], cancel);
            }
        })).Message.ShouldContain("takes no order");
    }

    [Fact]
    public void A_log_is_cut_while_it_is_written()
    {
        var file = Path.Combine(folder, "x.log");
        using var writer = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        var block = new byte[1 << 20];
        for (var i = 0; i < 64; i++)
        {
            writer.Write(block);
            writer.Flush();
            LogBounds.Keep(file);
        }

        new FileInfo(file).Length.ShouldBeLessThanOrEqualTo(LogBounds.Most + block.Length);
        Directory.EnumerateFiles(folder).Sum(path => new FileInfo(path).Length).ShouldBeLessThan(3 * LogBounds.Most);
    }

    [Fact]
    public async Task Logs_are_cut_without_anybody_asking()
    {
        var file = Path.Combine(folder, "x.log");
        await File.WriteAllBytesAsync(file, new byte[8 << 20], cancel);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watching = LogBounds.WatchAsync(folder, Path.Combine(folder, "none"), over.Token);

        for (var clock = Stopwatch.StartNew(); new FileInfo(file).Length > 0 && clock.Elapsed < TimeSpan.FromSeconds(60);)
        {
            await Task.Delay(50, cancel);
        }

        await over.CancelAsync();
        await watching;
        new FileInfo(file).Length.ShouldBe(0);
        new FileInfo(file + ".1").Length.ShouldBe(LogBounds.Most);
    }

    private static Process Piped(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private sealed class Dripping : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await Task.Delay(20, cancellationToken);
            buffer.Span[0] = 0;
            return 1;
        }
    }
}
