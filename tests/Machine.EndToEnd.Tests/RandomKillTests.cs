using System.Text.Json;
using Machine.Tool.Hosting;

namespace Machine.EndToEnd.Tests;

/// <summary>kill -9 at moments that nobody chose: the next command works, no volume is damaged, and what runs inside outlives a supervisor.</summary>
[Collection(SharedMachineTests.Name)]
[Trait(Rig.Trait, Rig.Kvm)]
public sealed class RandomKillTests
{
    // What a user left running; not in the project, for that would keep the machine from being suspended. The bracket keeps the search from finding itself.
    private const string BeginWork = "pgrep -f '^sleep 4713[1]' > /dev/null || { cd /; setsid sleep 47131 < /dev/null > /dev/null 2>&1 & }";
    private const string FindWork = "pgrep -f '^sleep 4713[1]'";

    // Ten seconds each when emulated.
    private static readonly int Rounds = Slow.IsAsked || Rig.IsHere ? 20 : 6;

    [Fact]
    public async Task Whatever_is_killed_whenever_the_next_command_works()
    {
        await using var project = new ProjectFolder("killed", "idle: never\n");
        (await project.ExecAsync("sh", "-c", "mkdir -p /machine/packages/kept; echo kept > /machine/packages/kept/file; echo held > held.txt; sync")).ShouldSucceed();
        (await project.ExecAsync("sh", "-c", BeginWork)).ShouldSucceed();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 1; round <= Rounds; round++)
        {
            string[] verb = random.Next(4) switch
            {
                0 => ["stop"],
                1 => ["suspend"],
                2 => ["start"],
                _ => ["exec", "--", "sh", "-c", "mkdir -p artifacts; for i in 1 2 3 4 5 6 7 8; do head -c 300000 /dev/urandom > artifacts/$i; cp artifacts/$i /machine/packages/$i; done"],
            };
            var what = $"seed {seed}, round {round}: {string.Join(' ', verb)}";
            using var command = ToolRun.Start(project.Path, verb);
            command.StandardInput.Close();
            var saying = Task.WhenAll(command.StandardOutput.ReadToEndAsync(CancellationToken.None), command.StandardError.ReadToEndAsync(CancellationToken.None));
            await Task.Delay(random.Next(50, 6000), TestContext.Current.CancellationToken);
            var (supervisor, victims) = await ProcessesAsync(project);
            var killed = random.Next(3) switch { 0 => victims[..Math.Min(1, victims.Count)], 1 => victims.Skip(1).ToList(), _ => victims };
            killed.ForEach(HostProcess.KillIfThere);

            command.WaitForExit(TimeLimit.Minutes(3)).ShouldBeTrue(what);
            await saying;
            var after = await project.ExecAsync("cat", "/machine/packages/kept/file", "held.txt");
            after.ExitCode.ShouldBe(0, $"{what}\n{after}");
            after.Output.ShouldBe("kept\nheld\n", what);
            var work = await project.ExecAsync("sh", "-c", FindWork);
            if (verb is not ["stop"] && killed.Count == 1 && killed[0] == supervisor)
            {
                work.ExitCode.ShouldBe(0, $"{what}: only the supervisor was killed\n{work}");
            }

            (await project.ExecAsync("sh", "-c", BeginWork)).ShouldSucceed();
        }

        // Read by the file system's own checker, in the machine that has them mounted no more.
        var check = await project.RootAsync(
            "umount /machine/packages && device=$(for block in /sys/block/vd*; do [ \"$(cat $block/serial)\" = packages ] && echo /dev/${block##*/}; done) && e2fsck -fn $device");
        check.ExitCode.ShouldBe(0, check.ToString());
        var (_, left) = await ProcessesAsync(project);
        (await project.RunAsync("destroy", "--yes")).ShouldSucceed();
        await Eventually.TrueAsync(() => Task.FromResult(!left.Any(HostProcess.IsAlive)), TimeSpan.FromSeconds(20));
    }

    // The supervisor first, then the machine.
    private static async Task<(int? Supervisor, List<int> All)> ProcessesAsync(ProjectFolder project)
    {
        var status = JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement;
        var (supervisor, machine) = (Id("supervisorId"), Id("machineProcessId"));
        return (supervisor, [.. new[] { supervisor, machine }.OfType<int>()]);

        int? Id(string name) => status.TryGetProperty(name, out var id) && id.ValueKind == JsonValueKind.Number && id.GetInt32() > 0 ? id.GetInt32() : null;
    }
}
