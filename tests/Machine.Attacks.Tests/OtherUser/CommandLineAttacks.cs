using System.Diagnostics;
using System.Text;
using Machine.Attacks.Tests.GuestRoot;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;
using Machine.Tool.Tests.Packages;

namespace Machine.Attacks.Tests.OtherUser;

/// <summary>Another user of the host reads the command lines of all processes, as <c>ps</c> does. The canary is a secret that a command is given.</summary>
public sealed class CommandLineAttacks
{
    private const string Secret = "canary-5e1f-c0de";

    private static readonly string Encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)).TrimEnd('=')[..12];

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public void The_line_for_ssh_is_a_token_and_nothing_else()
    {
        var token = RunningCommands.NewToken();

        GuestCommand.Line(token).ShouldBe($"exec perl /machine/bin/exec.pl {token}");
        token.ShouldMatch("^[0-9a-f]{32}$");
    }

    [Fact]
    public void Tokens_are_not_guessed()
    {
        var tokens = Enumerable.Range(0, 10_000).Select(_ => RunningCommands.NewToken()).ToList();

        tokens.Distinct(StringComparer.Ordinal).Count().ShouldBe(tokens.Count);
        // Each digit is as likely as any: no clock, no counter, no version as in a GUID.
        for (var i = 0; i < 32; i++)
        {
            tokens.Select(token => token[i]).Distinct().Count().ShouldBe(16, $"digit {i}");
        }
    }

    [Fact]
    public async Task No_command_line_of_this_host_shows_what_a_running_command_is_given()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "needs /proc");
        Assert.SkipUnless(File.Exists("/usr/bin/perl"), "needs perl, as a guest has it");
        var inside = Directory.CreateTempSubdirectory("machine-orders-").FullName;
        var said = "";
        using var orders = new GuestOrders(() => Orders(inside));
        await using var client = await ClientUnderAttack.StartAsync(
            "echo ready; exec sleep 600",
            async (request, token) =>
            {
                var order = request.Order!;
                await orders.SendAsync(token, new GuestCommand(order.Directory, order.Environment, order.Arguments).Order(HostUser.Current), CancellationToken.None);
                said = token;
                return ClientUnderAttack.Lease(token);
            });
        try
        {
            var start = new ProcessStartInfo(Machine.Tool.Tests.Commands.ToolProcess.Program, ["exec", "-e", "LICENSE", "--", "app"])
            {
                WorkingDirectory = client.At("project"),
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
            };
            start.Environment["MACHINE_HOME"] = client.Home;
            client.Variables(("LICENSE", Secret)).ToList().ForEach(variable => start.Environment[variable.Key] = variable.Value);
            using var process = Process.Start(start)!;
            (await process.StandardOutput.ReadLineAsync(cancel)).ShouldBe("ready");

            // A process that just becomes another has no command line for a moment.
            List<string> seen = [];
            await Poll.UntilAsync(() => (seen = CommandLines()).Exists(line => line.Contains("sleep 600", StringComparison.Ordinal)));
            process.Kill(entireProcessTree: true);

            seen.ShouldNotContain(line => line.Contains(Secret, StringComparison.Ordinal) || line.Contains(Encoded, StringComparison.Ordinal));
            var ssh = await File.ReadAllTextAsync(client.At("ssh.args"), cancel);
            ssh.ShouldContain(said);
            ssh.ShouldNotContain(Secret);
            ssh.ShouldNotContain(Encoded);

            // It is where the command looks for it, for root alone.
            var file = await WaitForAsync(Path.Combine(inside, said));
            (await File.ReadAllTextAsync(file, cancel)).ShouldContain($"LICENSE={Secret}\0");
            ((int)File.GetUnixFileMode(file)).ShouldBe(0x180);
            ((int)File.GetUnixFileMode(inside)).ShouldBe(0x1C0);
        }
        finally
        {
            Directory.Delete(inside, recursive: true);
        }
    }

    [Fact]
    public async Task Orders_arrive_whole_one_after_another()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/perl"), "needs perl, as a guest has it");
        var inside = Directory.CreateTempSubdirectory("machine-orders-").FullName;
        try
        {
            using var orders = new GuestOrders(() => Orders(inside));
            var sent = Enumerable.Range(0, 20).Select(i => (Token: RunningCommands.NewToken(), Order: new byte[i * 50_000].Select((_, at) => (byte)(at + i)).ToArray())).ToList();
            await Task.WhenAll(sent.Select(one => orders.SendAsync(one.Token, one.Order, cancel)));
            foreach (var (token, order) in sent)
            {
                (await File.ReadAllBytesAsync(await WaitForAsync(Path.Combine(inside, token)), cancel)).ShouldBe(order);
            }

            Directory.EnumerateFiles(inside, "*.part").ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(inside, recursive: true);
        }
    }

    [Theory]
    [InlineData(100_000, 1)]
    [InlineData(1_000, 1_500)]
    public void A_long_command_line_is_taken(int length, int count) =>
        Command(length, count).Order(HostUser.Current).Length.ShouldBeGreaterThan(length * count);

    [Theory]
    [InlineData(131_072, 1, "an argument is 131,072 bytes long; Linux takes 131,071")]
    [InlineData(100_000, 30, "the command line with its variables is")]
    [InlineData(0, 300_000, "the command line with its variables is")]
    public void One_that_the_kernel_would_refuse_is_refused_with_its_size(int length, int count, string message) =>
        Should.Throw<MachineException>(() => Command(length, count).Order(HostUser.Current)).Message.ShouldStartWith(message);

    private static GuestCommand Command(int length, int count) =>
        new("/p", new Dictionary<string, string>(), [.. Enumerable.Range(0, count).Select(_ => new byte[length].Select(_ => (byte)'a').ToArray())]);

    private static Process Orders(string inside)
    {
        var start = new ProcessStartInfo("/usr/bin/perl", ["-Mstrict", "-Mwarnings", Script()]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["MACHINE_ORDERS"] = inside;
        return Process.Start(start)!;
    }

    private static string Script()
    {
        var file = Path.Combine(Path.GetTempPath(), $"machine-orders-{Environment.ProcessId}.pl");
        File.WriteAllText(file, Machine.Tool.Guests.GuestResource.Read("orders.pl"));
        return file;
    }

    private async Task<string> WaitForAsync(string file)
    {
        for (var clock = Stopwatch.StartNew(); !File.Exists(file) && clock.Elapsed < TimeSpan.FromSeconds(30);)
        {
            await Task.Delay(20, cancel);
        }

        return file;
    }

    private static List<string> CommandLines()
    {
        var lines = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                lines.Add(File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' '));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended.
            }
        }

        return lines;
    }
}
