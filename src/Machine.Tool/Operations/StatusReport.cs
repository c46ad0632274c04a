using System.Text.Json;
using System.Text.Json.Nodes;
using Machine.Tool.Control;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces.Review;

namespace Machine.Tool.Operations;

/// <summary>What a project's machine is and does, for people and for programs.</summary>
/// <param name="Held">How many changes are held, as last seen: looking again would start the machine.</param>
/// <param name="Branch">The branch they were made on, where another is checked out now.</param>
internal sealed record StatusReport(MachineStatus Machine, int Held, string? Branch = null)
{
    public static StatusReport Of(MachinePaths paths, ProjectRoot project, CancellationToken cancel)
    {
        var folders = new ProjectMachine(paths, project);
        var status = SupervisorClient.For(paths, project).TryStatus(cancel)
            ?? new MachineStatus
            {
                Id = folders.Id.Text,
                Project = project.Path,
                State = Suspension.IsThere(folders.State) ? MachineState.Suspended : MachineState.Stopped,
                Version = ToolVersion.Current,
            };
        var (held, branch) = HeldBy(folders);
        return new StatusReport(status, held, branch);
    }

    /// <summary>How many changes are held, and the branch that they were made on, where another is checked out now.</summary>
    public static (int Count, string? Branch) HeldBy(ProjectMachine folders)
    {
        var held = ChangeLedger.Load(folders.State).Held.Count;
        return (held, held > 0 && MachineProject.Known(folders.State)?.Branch is { } before && before != ProjectMark.Of(folders.Project).Branch ? before : null);
    }

    public JsonObject ToJson()
    {
        var value = JsonSerializer.SerializeToNode(Machine, JsonState.Options)!.AsObject();
        value["heldChanges"] = Held;
        return value;
    }

    /// <summary>Each with a name and a text that is safe to print.</summary>
    public IEnumerable<(string Name, string Text)> Lines(DateTimeOffset now)
    {
        yield return ("machine", Machine.Id);
        yield return ("project", Tainted.Line(Machine.Project, int.MaxValue));
        yield return ("state", Machine.State.ToString().ToLowerInvariant() + (Machine.Started is { } started ? $", for {HumanText.Age(started, now)}" : ""));
        if (Machine.Engine is { } engine)
        {
            yield return ("engine", Machine.Accelerator is { } accelerator ? $"{engine}, {accelerator}" : engine);
        }

        if (Machine.ImageHash is { } image)
        {
            yield return ("image", image[..Math.Min(12, image.Length)] + (Machine.Template is { } template ? $", thawed from the warm template {template[..Math.Min(12, template.Length)]}" : ""));
        }

        if (Machine.MemoryBytes is { } memory)
        {
            yield return ("memory", $"{HumanText.Size(memory)} of this host" + (Machine.MemoryLimitBytes is { } limit ? $"; it may use {HumanText.Size(limit)}" : ""));
        }

        if (Machine.Trouble is { } trouble)
        {
            yield return ("trouble", Tainted.Line(trouble));
        }

        if (Machine.Awake is { } awake)
        {
            yield return ("awake", $"was to be suspended, but {Tainted.Line(awake)}");
        }

        foreach (var port in Machine.Ports)
        {
            yield return ("port", port);
        }

        if (Machine.DeniedConnections > 0)
        {
            yield return ("denied", $"{HumanText.Count(Machine.DeniedConnections, "connection")} out of the machine: dotnet machine network log");
        }

        foreach (var command in Machine.Commands)
        {
            yield return ("runs", $"{Tainted.Line(command.Display)} (for {HumanText.Age(command.Started, now)})");
        }

        if (Held > 0)
        {
            yield return ("changes", $"{Held} held{(Branch is null ? "" : $" since {Tainted.Line(Branch)} was checked out")}: dotnet machine changes");
        }

        if (Machine.Stale)
        {
            yield return ("stale", OpenedProject.StaleMachine);
        }
    }
}
