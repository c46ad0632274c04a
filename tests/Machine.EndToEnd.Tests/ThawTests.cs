using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>Machines thaw from a warm template, each as itself; and a suspended one goes on where it stood.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class ThawTests(SharedMachine shared) : IAsyncLifetime
{
    private readonly ProjectFolder project = new("thaw", "idle: never\n");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => project.DisposeAsync();

    [Fact]
    public async Task A_thawed_machine_is_itself_and_its_clock_is_right()
    {
        (await project.RunAsync("start")).ShouldSucceed();
        (await StatusAsync(project)).GetProperty("template").GetString().ShouldNotBeNullOrEmpty();

        const string Who = "hostname; cat /etc/machine-id /proc/sys/kernel/random/uuid; sha256sum < /etc/ssh/ssh_host_ed25519_key; head -c 16 /dev/urandom | od -An -tx1";
        var mine = (await project.RootAsync(Who)).ShouldSucceed().Output.Split('\n');
        var other = (await shared.Project.RootAsync(Who)).ShouldSucceed().Output.Split('\n');

        foreach (var (line, another) in mine.Zip(other).Where(pair => pair.First.Length > 0))
        {
            line.ShouldNotBe(another);
        }

        // The kernel's own random numbers are new, by the device that tells it of the copy: what the host hands over later is not all that differs.
        (await project.RootAsync("dmesg")).ShouldSucceed().Output.ShouldContain("crng reseeded due to virtual machine fork");

        // It set itself up before the host was connected; in the rig either comes first.
        if (!Rig.IsHere)
        {
            (await project.ExecAsync("head", "-n", "1", "/run/machine/setup.lock")).ShouldSucceed().Output.ShouldBe("/usr/lib/machine/identity\n");
        }

        var began = DateTimeOffset.UtcNow;
        Clock.ShouldBeRight(began, (await project.ExecAsync("date", "+%s")).ShouldSucceed().Output);
    }

    [Fact]
    public async Task Suspended_work_goes_on_and_takes_no_process_meanwhile()
    {
        (await project.ExecAsync("sh", "-c", "echo open > /dev/shm/work; echo held > held.txt; cd /; setsid sleep 100000 > /dev/null 2>&1 < /dev/null & echo $! > /dev/shm/pid; cat /proc/sys/kernel/random/uuid > /dev/shm/boot")).ShouldSucceed();
        var machine = (await StatusAsync(project)).GetProperty("machineProcessId").GetInt32();

        (await project.RunAsync("suspend")).ShouldSucceed();

        // Its corpse waits for whoever is its parent by now.
        await Eventually.TrueAsync(() => Task.FromResult(!Directory.Exists($"/proc/{machine}")), TimeSpan.FromSeconds(20));
        (await StatusAsync(project)).GetProperty("state").GetString().ShouldBe("suspended");
        (await project.RunAsync("volume", "rm", "packages", "--yes")).ExitCode.ShouldNotBe(0);

        var began = DateTimeOffset.UtcNow;
        var back = await project.ExecAsync("sh", "-c", "cat /dev/shm/work held.txt; [ -s /dev/shm/boot ] && kill -0 $(cat /dev/shm/pid) && date +%s");

        var lines = back.ShouldSucceed().Output.Split('\n');
        lines[..2].ShouldBe(["open", "held"]);
        Clock.ShouldBeRight(began, lines[2]);
    }

    [Fact]
    public async Task What_works_in_the_project_keeps_the_machine_up_and_is_named()
    {
        (await project.ExecAsync("sh", "-c", "setsid sleep 100000 > /dev/null 2>&1 < /dev/null &")).ShouldSucceed();

        var refused = await project.RunAsync("suspend");

        refused.ExitCode.ShouldBe(1, refused.ToString());
        refused.Error.ShouldContain("sleep (process");
        (await project.ExecAsync("pkill", "-0", "sleep")).ShouldSucceed();
        (await StatusAsync(project)).GetProperty("awake").GetString().ShouldNotBeNullOrEmpty();
        (await project.RunAsync("stop")).ShouldSucceed();
    }

    [Fact]
    public async Task A_broken_template_costs_a_boot_and_one_line()
    {
        var template = (await StatusAsync(shared.Project)).GetProperty("template").GetString()!;
        var folder = Path.Combine(Environment.GetEnvironmentVariable("MACHINE_HOME")!, "templates", template);
        var facts = Path.Combine(folder, "template.json");
        var text = await File.ReadAllTextAsync(facts, TestContext.Current.CancellationToken);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(folder, "state"), TestContext.Current.CancellationToken)));
        text.ShouldContain(hash);
        try
        {
            // Not the state itself: a file that was written once is never again what was frozen, and the other tests thaw from it. The shared
            // machine stands on the template, so it is not removed.
            await File.WriteAllTextAsync(facts, text.Replace(hash, new string('0', hash.Length)), TestContext.Current.CancellationToken);
            var start = (await project.RunAsync("start")).ShouldSucceed();
            start.Error.ShouldContain("booting instead");
            (await StatusAsync(project)).TryGetProperty("template", out var none).ShouldBe(none.ValueKind == JsonValueKind.Null);
            (await project.ExecAsync("true")).ShouldSucceed();
        }
        finally
        {
            await File.WriteAllTextAsync(facts, text, CancellationToken.None);
        }
    }

    private static async Task<JsonElement> StatusAsync(ProjectFolder project) =>
        JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement;
}
