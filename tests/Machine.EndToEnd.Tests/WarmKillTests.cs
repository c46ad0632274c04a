using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Machine.EndToEnd.Tests;

/// <summary>kill -9 while a warm template is made, at moments that nobody chose: the next command works, and half a template is none.</summary>
[Collection(SharedMachineTests.Name)]
public sealed class WarmKillTests
{
    // A boot each.
    private static readonly int Rounds = Slow.IsAsked ? 20 : 2;

    private static readonly string Templates = Path.Combine(Environment.GetEnvironmentVariable("MACHINE_HOME")!, "templates");

    [Fact]
    public async Task A_template_whose_making_was_killed_is_never_used()
    {
        await using var project = new ProjectFolder("warmed", "sdk: none\nidle: never\n");
        (await project.RunAsync("image", "warm")).ShouldSucceed();
        var key = (await TemplateAsync(project)).ShouldNotBeNull();
        await ForgetAsync(project, key);
        var clock = Stopwatch.StartNew();
        (await project.RunAsync("image", "warm")).ShouldSucceed();
        var whole = (int)clock.ElapsedMilliseconds;
        await ForgetAsync(project, key);

        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var round = 1; round <= Rounds; round++)
        {
            var moment = random.Next(200, whole);
            var whom = random.Next(3);
            var what = $"seed {seed}, round {round}, victim {whom} after {moment} of {whole} ms";
            TestContext.Current.SendDiagnosticMessage(what);
            using var warm = ToolRun.Start(project.Path, ["image", "warm"]);
            warm.StandardInput.Close();
            // What it leaves running holds its streams.
            warm.OutputDataReceived += (_, _) => { };
            warm.ErrorDataReceived += (_, _) => { };
            warm.BeginOutputReadLine();
            warm.BeginErrorReadLine();
            await Task.Delay(moment, TestContext.Current.CancellationToken);
            if (whom != 1)
            {
                warm.Kill();
            }

            if (whom != 0)
            {
                Machines(key).ForEach(HostProcess.KillIfThere);
            }

            await Eventually.TrueAsync(() => Task.FromResult(warm.HasExited), TimeSpan.FromMinutes(3));
            var next = await project.ExecAsync("echo", "there");
            next.ExitCode.ShouldBe(0, $"{what}\n{next}");
            next.Output.ShouldBe("there\n", what);
            // What a template lacks is found before it is thawed; but then it was kept.
            next.Error.ShouldNotContain("booting instead", Case.Sensitive, what);
            await ForgetAsync(project, key);
        }

        (await project.RunAsync("image", "warm")).ShouldSucceed();
        (await TemplateAsync(project)).ShouldBe(key);
        Directory.EnumerateDirectories(Templates, $".build-{key}*").ShouldBeEmpty();
        Machines(key).ShouldBeEmpty();
    }

    // Of a machine that is started for it where none runs.
    private static async Task<string?> TemplateAsync(ProjectFolder project)
    {
        (await project.RunAsync("start")).ShouldSucceed();
        return JsonDocument.Parse((await project.RunAsync("status", "--json")).ShouldSucceed().Output).RootElement.GetProperty("template").GetString();
    }

    private static async Task ForgetAsync(ProjectFolder project, string key)
    {
        (await project.RunAsync("stop")).ShouldSucceed();
        var folder = Path.Combine(Templates, key);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Those that the making of this template started.
    private static List<int> Machines(string key)
    {
        var words = Encoding.UTF8.GetBytes($"{Templates}/.build-{key}");
        return [.. Directory.EnumerateDirectories("/proc")
            .Select(process => int.TryParse(Path.GetFileName(process), out var id) ? id : 0)
            .Where(id => id > 0 && CommandLine(id).AsSpan().IndexOf(words) >= 0)];
    }

    private static byte[] CommandLine(int id)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/cmdline");
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return [];
        }
    }
}
