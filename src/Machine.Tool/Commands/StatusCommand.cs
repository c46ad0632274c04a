using System.CommandLine;
using Machine.Tool.Hosting;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary><c>status</c>: what the project's machine is and does.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("status", "Show the project's machine") { json };
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancel)
    {
        var project = ProjectRoot.Find(Environment.CurrentDirectory);
        using var client = SupervisorClient.For(MachinePaths.FromEnvironment(), project);
        var status = await client.TryStatusAsync(cancel)
            ?? new MachineStatus(project.MachineId, project.Path, MachineState.Stopped, ToolVersion.Current, 0, null, null, null, null, null, null, null, [], [], false);
        Console.Out.WriteLine(json ? System.Text.Json.JsonSerializer.Serialize(status, JsonState.Options) : $"{status.Id}: {status.State}");
        return ExitCode.Ok;
    }
}
