using System.Text.Json;
using Machine.Tool.Hosting;

[assembly: AssemblyFixture(typeof(Machine.EndToEnd.Tests.KilledRuns))]

namespace Machine.EndToEnd.Tests;

/// <summary>
/// Machines of a run that was killed would stand on images and templates for ever: they are destroyed before the first test. Only in a home
/// that is the tests' own, and while no other run uses it.
/// </summary>
public sealed class KilledRuns : IAsyncLifetime
{
    private IDisposable? held;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("MACHINE_HOME") is not { Length: > 0 } home)
        {
            return;
        }

        Directory.CreateDirectory(home);
        held = FileLock.TryAcquire(Path.Combine(home, "tests.lock"));
        if (held is null)
        {
            return;
        }

        var list = (await ToolRun.RunAsync(Path.GetTempPath(), ["list", "--json"])).ShouldSucceed();
        using var machines = JsonDocument.Parse(list.OutputBytes);
        foreach (var machine in machines.RootElement.EnumerateArray())
        {
            if (machine.GetProperty("state").GetString() is "stopped" or "suspended" && ProjectFolder.IsOne(machine.GetProperty("project").GetString()))
            {
                await ToolRun.RunAsync(Path.GetTempPath(), ["destroy", machine.GetProperty("id").GetString()!, "--yes"]);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        held?.Dispose();
        return ValueTask.CompletedTask;
    }
}
