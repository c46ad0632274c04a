using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Hosting;
using Machine.Tool.Operations;

namespace Machine.Tool.Commands;

/// <summary><c>list</c>: every machine of this host, also those whose project is gone.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Verb("list", "List the machines of this host")
        {
            Examples = ["dotnet machine list", "dotnet machine list --json"],
        };
        command.Aliases.Add("ls");
        command.Add(json);
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancel)
    {
        var machines = await MachineListing.AllAsync(MachinePaths.FromEnvironment(), cancel);
        if (json)
        {
            Say.Json(machines);
            return ExitCode.Ok;
        }

        if (machines.Length == 0)
        {
            Say.Aside("there are no machines on this host");
            return ExitCode.Ok;
        }

        var table = new ReportTable("MACHINE", "STATE", "DISK", "MEMORY", "PROJECT");
        foreach (var machine in machines)
        {
            table.Add(
                machine.Id,
                machine.State.ToString().ToLowerInvariant(),
                HumanText.Size(machine.DiskBytes),
                machine.MemoryBytes is { } memory ? HumanText.Size(memory) : "-",
                (machine.Project is { } project ? Tainted.Line(project, int.MaxValue) : "unknown") + (machine.ProjectExists ? "" : " (gone)"));
        }

        table.Print();
        if (machines.Sum(machine => machine.MemoryBytes ?? 0) is > 0 and var total)
        {
            Say.Aside($"{HumanText.Size(total)} of this host's memory in all");
        }

        return ExitCode.Ok;
    }
}
