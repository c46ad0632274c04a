using System.CommandLine;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Supervision;

namespace Machine.Tool.Commands;

/// <summary><c>start</c>: brings the machine up, if it is not; says how long it took.</summary>
internal static class StartCommand
{
    public static Command Create()
    {
        var approve = new Option<bool>("--approve") { Description = "Allow what the Machinefile asks of this host, without a question" };
        var command = new Verb("start", "Start the project's machine")
        {
            Examples = ["dotnet machine start", "dotnet machine start --approve"],
        };
        command.Add(approve);
        command.Aliases.Add("up");
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(approve), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool approve, CancellationToken cancel)
    {
        var command = ProjectCommand.Here();
        if (approve)
        {
            Approval.Require(command, assumeYes: true);
        }

        LayOutShim(command.Project, command.Paths);
        if (GitWorktree.Missing(command.Project, command.Machinefile) is { } repository)
        {
            var path = Tainted.Line(repository, int.MaxValue);
            Say.Aside($"this project is a git worktree, and git inside does not see its repository; to show it, read-only: shares: [{{ host: {path}, guest: {path} }}]");
        }

        var client = SupervisorClient.For(command.Paths, command.Project);
        return await StartAsync(command, client, "start", cancel);
    }

    internal static async Task<int> StartAsync(ProjectCommand command, SupervisorClient client, string display, CancellationToken cancel)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        using var lease = await command.LeaseAsync(client, display, cancel);
        Say.Result($"{command.Project.MachineId} is running ({lease.Lease.Accelerator}, {clock.Elapsed.TotalSeconds:0.0} s)");
        return ExitCode.Ok;
    }

    // A machine can run without it; dotnet in this folder then refuses, and says so.
    internal static void LayOutShim(ProjectRoot project, MachinePaths paths)
    {
        try
        {
            var enclosure = new ProjectEnclosure(project, paths);
            if (enclosure.IsWanted && enclosure.LayOut())
            {
                Say.Aside("dotnet in this folder now runs inside");
            }
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            Say.Aside($"dotnet in this folder is not set up: {e.Message}{(e is MachineException { Remedy: { } remedy } ? $"\n  → {remedy}" : "")}");
        }
    }
}
