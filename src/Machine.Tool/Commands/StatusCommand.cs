using System.CommandLine;
using System.Text.Json;
using Machine.Tool.Commands.Help;
using Machine.Tool.Commands.Screen;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Commands;

/// <summary><c>status</c>: what the project's machine is and does.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Verb("status", "Show the project's machine")
        {
            Examples = ["dotnet machine status", "dotnet machine status --json"],
        };
        command.Add(json);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancel)
    {
        var project = ProjectRoot.Find(Environment.CurrentDirectory);
        var paths = MachinePaths.FromEnvironment();
        var client = SupervisorClient.For(paths, project);
        var status = client.TryStatus(cancel)
            ?? new MachineStatus(project.MachineId.Text, project.Path, Suspension.IsThere(paths.MachineFolder(project.MachineId)) ? MachineState.Suspended : MachineState.Stopped, ToolVersion.Current, 0, null, null, null, null, null, null, null, [], [], false);

        // As last seen: looking again would start the machine.
        var held = ChangeLedger.Load(paths.MachineFolder(project.MachineId)).Held.Count;
        if (json)
        {
            var value = JsonSerializer.SerializeToNode(status, JsonState.Options)!.AsObject();
            value["heldChanges"] = held;
            Say.Json(value);
        }
        else
        {
            foreach (var (name, text) in Lines(status, held, DateTimeOffset.UtcNow, held == 0 ? null : StartCommand.BranchHeld(new ProjectMachine(paths, project))))
            {
                Say.Result($"{name,-12}{text}");
            }
        }

        return ExitCode.Ok;
    }

    internal static IEnumerable<(string Name, string Text)> Lines(MachineStatus status, int held, DateTimeOffset now, string? branch = null)
    {
        yield return ("machine", status.Id);
        yield return ("project", Tainted.Line(status.Project, int.MaxValue));
        yield return ("state", status.State.ToString().ToLowerInvariant() + (status.Started is { } started ? $", for {HumanText.Age(started, now)}" : ""));
        if (status.Engine is { } engine)
        {
            yield return ("engine", status.Accelerator is { } accelerator ? $"{engine}, {accelerator}" : engine);
        }

        if (status.ImageHash is { } image)
        {
            yield return ("image", image[..Math.Min(12, image.Length)] + (status.Template is { } template ? $", thawed from the warm template {template[..Math.Min(12, template.Length)]}" : ""));
        }

        if (status.MemoryBytes is { } memory)
        {
            yield return ("memory", $"{HumanText.Size(memory)} of this host" + (status.MemoryLimitBytes is { } limit ? $"; it may use {HumanText.Size(limit)}" : ""));
        }

        if (status.Trouble is { } trouble)
        {
            yield return ("trouble", Tainted.Line(trouble));
        }

        if (status.Awake is { } awake)
        {
            yield return ("awake", $"was to be suspended, but {Tainted.Line(awake)}");
        }

        foreach (var port in status.Ports)
        {
            yield return ("port", port);
        }

        foreach (var command in status.Commands)
        {
            yield return ("runs", $"{Tainted.Line(command.Display)} (for {HumanText.Age(command.Started, now)})");
        }

        if (held > 0)
        {
            yield return ("changes", $"{held} held{(branch is null ? "" : $" since {Tainted.Line(branch)} was checked out")}: dotnet machine changes");
        }

        if (status.Stale)
        {
            yield return ("stale", "the Machinefile has changed since this machine was started: dotnet machine stop makes the next start use it");
        }
    }
}
