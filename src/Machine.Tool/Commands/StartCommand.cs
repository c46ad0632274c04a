using System.CommandLine;
using Machine.Tool.Commands.Help;
using Machine.Tool.Control;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;

namespace Machine.Tool.Commands;

/// <summary><c>start</c>: brings the machine up, if it is not; says how long it took.</summary>
internal static class StartCommand
{
    public static Command Create()
    {
        var approve = new Option<bool>("--approve") { Description = "Allow what the Machinefile asks of this host, without a question" };
        var fresh = new Option<bool>("--fresh") { Description = "Destroy the machine first, as destroy does: nothing that ran here before is inherited" };
        var keep = new Option<bool>("--keep") { Description = "The project was moved back or made anew and is the same: keep its machine's disks and held changes" };
        var yes = CommonOptions.Yes("with --fresh, volumes and held changes are lost");
        var command = new Verb("start", "Start the project's machine")
        {
            Examples = ["dotnet machine start", "dotnet machine start --approve", "dotnet machine start --fresh"],
        };
        command.Add(approve);
        command.Add(fresh);
        command.Add(keep);
        command.Add(yes);
        command.Validators.Add(result =>
        {
            if (result.GetValue(fresh) && result.GetValue(keep))
            {
                result.AddError("--fresh deletes what --keep keeps: give one of them");
            }
        });
        command.Aliases.Add("up");
        command.SetAction((parsed, cancel) => RunAsync(parsed.GetValue(approve), parsed.GetValue(fresh), parsed.GetValue(keep), parsed.GetValue(yes), cancel));
        return command;
    }

    private static async Task<int> RunAsync(bool approve, bool fresh, bool keep, bool yes, CancellationToken cancel)
    {
        var command = ProjectCommand.Here();
        if (fresh && KnownMachines.Find(command.Paths, command.Project.MachineId) is { } machine)
        {
            await DestroyCommand.DestroyAsync(machine, command.Paths, yes, "dotnet machine start --fresh --yes", cancel);
        }
        else if (keep)
        {
            // What runs has the folder open that was there before.
            await SupervisorClient.For(command.Paths, command.Project).StopAsync(cancel);
            MachineProject.Remember(command.Folders);
        }

        MachineProject.Require(command.Folders);
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

        if (BranchHeld(command.Folders) is { } branch)
        {
            Say.Aside($"changes are held that were made on {Tainted.Line(branch)}, and the build's state is of then, too; dotnet machine start --fresh begins without them");
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

    /// <summary>The branch that was checked out when the machine was last started, where another is now and changes are held.</summary>
    internal static string? BranchHeld(ProjectMachine folders) =>
        MachineProject.Known(folders.State)?.Branch is { } before && before != ProjectMark.Of(folders.Project).Branch && Workspaces.ChangeLedger.Load(folders.State).Held.Count > 0 ? before : null;

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
