using System.Text.Json;

[assembly: AssemblyFixture(typeof(Machine.EndToEnd.Tests.KilledRuns))]

namespace Machine.EndToEnd.Tests;

/// <summary>
/// Machines of a run that was killed stand on images and templates for ever: their projects are gone with the temporary folder.
/// They are destroyed before the first test; what runs, or is no test's, is left alone.
/// </summary>
public sealed class KilledRuns : IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        var list = (await ToolRun.RunAsync(Path.GetTempPath(), ["list", "--json"])).ShouldSucceed();
        using var machines = JsonDocument.Parse(list.OutputBytes);
        foreach (var machine in machines.RootElement.EnumerateArray())
        {
            if (machine.GetProperty("state").GetString() is "stopped" or "suspended" && ProjectFolder.IsOne(machine.GetProperty("project").GetString()))
            {
                (await ToolRun.RunAsync(Path.GetTempPath(), ["destroy", machine.GetProperty("id").GetString()!, "--yes"])).ShouldSucceed();
            }
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
