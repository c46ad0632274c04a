using System.Diagnostics;
using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.EndToEnd.Tests;

/// <summary>A machine that no template is for: it boots, with as many processors as its Machinefile says, and gives memory back.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class ColdBootTests(ColdBootTests.TwoProcessors cold) : IClassFixture<ColdBootTests.TwoProcessors>
{
    private const long Mebibyte = 1 << 20;

    private readonly ProjectFolder project = cold.Project;

    [Fact]
    public async Task Two_processors_work_and_the_clock_is_right_after_a_suspend()
    {
        (await project.ExecAsync("nproc")).ShouldSucceed().Output.ShouldBe("2\n");
        // Each loop is bound to a processor of its own.
        const string Both = "for at in 0 1; do taskset -c $at sh -c 'n=0; while [ $n -lt 20000 ]; do n=$((n+1)); done; echo $n' & done; wait";
        (await project.ExecAsync("sh", "-c", Both)).ShouldSucceed().Output.ShouldBe("20000\n20000\n");

        (await project.RunAsync("suspend")).ShouldSucceed();
        var began = DateTimeOffset.UtcNow;
        var after = (await project.ExecAsync("sh", "-c", $"date +%s; {Both}")).ShouldSucceed().Output.Split('\n');

        Clock.ShouldBeRight(began, after[0]);
        after[1..3].ShouldBe(["20000", "20000"]);
    }

    [Fact]
    public async Task Memory_that_the_guest_frees_is_the_hosts_again()
    {
        const int Written = 300;
        (await project.ExecAsync("dd", "if=/dev/zero", "of=/dev/shm/much", "bs=1M", $"count={Written}")).ShouldSucceed();
        var full = await SettledAsync();
        (await project.ExecAsync("rm", "/dev/shm/much")).ShouldSucceed();

        // Free pages are told in pieces, seconds apart.
        await Eventually.TrueAsync(async () => await ResidentAsync() < full - (Written / 2 * Mebibyte), TimeSpan.FromSeconds(60));
    }

    // What was free before is still being told after a resume: resident memory that falls no more.
    private async Task<long> SettledAsync()
    {
        var least = await ResidentAsync();
        for (var fell = Stopwatch.StartNew(); fell.Elapsed < TimeLimit.Seconds(8);)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            var now = await ResidentAsync();
            if (now < least - Mebibyte)
            {
                least = now;
                fell.Restart();
            }
        }

        return least;
    }

    // Of QEMU's process, in bytes.
    private async Task<long> ResidentAsync()
    {
        var status = JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement;
        var line = (await File.ReadAllLinesAsync($"/proc/{status.GetProperty("machineProcessId").GetInt32()}/status", TestContext.Current.CancellationToken))
            .Single(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
    }

    public sealed class TwoProcessors : IAsyncLifetime
    {
        // Another disk than any template's.
        public ProjectFolder Project { get; } = new("cold", "cpus: 2\ndisk: 22GiB\nidle: never\n");

        public async ValueTask InitializeAsync() => (await Project.RunAsync("start")).ShouldSucceed();

        public ValueTask DisposeAsync() => Project.DisposeAsync();
    }
}
