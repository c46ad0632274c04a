using Machine.Tool.Control;
using Machine.Tool.Enclosure;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;

namespace Machine.Tool.Operations;

/// <summary>How a start treats what an earlier machine of the project left.</summary>
internal enum Inheritance
{
    /// <summary>Taken on where the project is the same; refused where it is another one.</summary>
    Checked,

    /// <summary>Taken on: the project was moved back or made anew, and is the same.</summary>
    Kept,

    /// <summary>Destroyed first.</summary>
    None,
}

/// <summary>Brings a project's machine up.</summary>
internal static class StartMachine
{
    /// <summary>What comes before the start that a person asks for: what is inherited, approved, and laid out so that a plain <c>dotnet</c> runs inside.</summary>
    /// <param name="approve">What the Machinefile asks is agreed to.</param>
    /// <param name="loses">Asked before something is destroyed.</param>
    /// <param name="tell">Told what the user should know, a sentence each.</param>
    /// <exception cref="MachineException">Another project's machine lies there, or nobody agreed.</exception>
    public static async Task PrepareAsync(OpenedProject project, Inheritance inheritance, bool approve, IConsent loses, Action<string> tell, CancellationToken cancel)
    {
        if (inheritance == Inheritance.None && KnownMachines.Find(project.Paths, project.Project.MachineId) is { } machine)
        {
            await DestroyMachine.RunAsync(machine, project.Paths, loses, "dotnet machine start --fresh --yes", cancel);
        }
        else if (inheritance == Inheritance.Kept)
        {
            // What runs has the folder open that was there before.
            await project.Client.StopAsync(cancel);
            MachineProject.Remember(project.Folders);
        }

        MachineProject.Require(project.Folders);
        if (approve)
        {
            PlanApproval.Require(project, GivenConsent.Instance);
        }

        LayOutShim(project.Project, project.Paths, tell);
        if (GitWorktree.Missing(project.Project, project.Machinefile) is { } repository)
        {
            var path = Tainted.Line(repository, int.MaxValue);
            tell($"this project is a git worktree, and git inside does not see its repository; to show it, read-only: shares: [{{ host: {path}, guest: {path} }}]");
        }

        if (StatusReport.HeldBy(project.Folders).Branch is { } branch)
        {
            tell($"changes are held that were made on {Tainted.Line(branch)}, and the build's state is of then, too; dotnet machine start --fresh begins without them");
        }
    }

    /// <summary>Starts or finds the machine and gets the right to run one command.</summary>
    /// <param name="display">The command, as `status` shows it.</param>
    /// <param name="progress">Asked for when there is something to show.</param>
    /// <exception cref="MachineException">Nobody approved what the Machinefile asks, another project's machine lies there, or it does not start.</exception>
    public static ClientLease Lease(OpenedProject project, string display, IConsent consent, Func<IProgressSink> progress, CancellationToken cancel)
    {
        // Made first: a planted folder of sockets is refused before anything is asked.
        var client = project.Client;
        MachineProject.Require(project.Folders);
        PlanApproval.Require(project, consent);
        var lease = client.Lease(new ExecRequest(display), progress, cancel)!;
        if (lease.Lease.Stale)
        {
            progress().Note(OpenedProject.StaleMachine);
        }

        return lease;
    }

    // A machine can run without it; dotnet in this folder then refuses, and says so.
    internal static void LayOutShim(ProjectRoot project, MachinePaths paths, Action<string> tell)
    {
        try
        {
            var enclosure = new ProjectEnclosure(project, paths);
            if (enclosure.IsWanted && enclosure.LayOut())
            {
                tell("dotnet in this folder now runs inside");
            }
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            tell($"dotnet in this folder is not set up: {e.Message}{(e is MachineException { Remedy: { } remedy } ? $"\n  → {remedy}" : "")}");
        }
    }
}
