using System.Text;

namespace Machine.EndToEnd.Tests;

/// <summary>What a command is given goes in by no command line of this host, however long it is.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class CommandLineTests(SharedMachine shared)
{
    private const string Secret = "canary-7e57-c0de";

    private readonly ProjectFolder project = shared.Project;

    [Fact]
    public async Task Nobody_on_this_host_reads_what_a_running_command_was_given()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "needs /proc");
        using var process = ToolRun.Start(
            project.Path, ["exec", "-e", "LICENSE", "--", "sh", "-c", "echo $LICENSE; sleep 600"], new Dictionary<string, string?> { ["LICENSE"] = Secret });
        (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe(Secret);

        var lines = Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)).Select(CommandLine).ToList();
        process.Kill();

        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)).TrimEnd('=')[..12];
        lines.ShouldContain(line => line.Contains("/machine/bin/exec.pl", StringComparison.Ordinal));
        lines.ShouldNotContain(line => line.Contains(Secret, StringComparison.Ordinal) || line.Contains(encoded, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_order_is_taken_once_and_none_is_left()
    {
        (await project.ExecAsync("true")).ShouldSucceed();
        (await project.RootAsync("ls -A /run/machine/orders | wc -l")).ShouldSucceed().Output.Trim().ShouldBe("0");
        (await project.RootAsync("stat -c %a%U /run/machine/orders")).ShouldSucceed().Output.Trim().ShouldBe("700root");
    }

    [Fact]
    public async Task A_command_line_is_as_long_as_linux_takes()
    {
        // Each below what one word may hold; all of them ten times what a line for ssh could.
        var words = Enumerable.Range(0, 10).Select(i => new string((char)('a' + i), 100_000)).ToArray();

        (await project.ExecAsync(["sh", "-c", "printf %s \"$*\" | wc -c", "sh", .. words])).ShouldSucceed().Output.Trim().ShouldBe("1000009");
    }

    [Fact]
    public async Task A_guest_whose_program_for_orders_is_killed_gets_another()
    {
        await project.RootAsync("pkill -f /machine/bin/orders.pl; true");

        (await project.ExecAsync("echo", "again")).ShouldSucceed().Output.ShouldBe("again\n");
    }

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
