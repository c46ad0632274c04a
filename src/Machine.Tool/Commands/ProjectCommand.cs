using Machine.Tool.Control;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;

namespace Machine.Tool.Commands;

/// <summary>What every verb that works on a project begins with: the project, its approved Machinefile, a lease.</summary>
internal sealed class ProjectCommand
{
    public const string StaleMachine = "the Machinefile has changed since this machine was started; `dotnet machine stop` makes the next start use it";

    private ProjectCommand(MachinePaths paths, ProjectRoot project, string directory, Machinefile machinefile)
    {
        Paths = paths;
        Project = project;
        Directory = directory;
        Machinefile = machinefile;
        Folders = new ProjectMachine(paths, project);
    }

    public MachinePaths Paths { get; }

    public ProjectRoot Project { get; }

    /// <summary>Where the command was typed, by its real path: at or below the project.</summary>
    public string Directory { get; }

    public Machinefile Machinefile { get; }

    public ProjectMachine Folders { get; }

    public HostUser User { get; } = HostUser.Current;

    public ProjectPaths Shown => new(Project.Path, Directory);

    public static ProjectCommand Here()
    {
        var directory = ProjectRoot.RealPath(Environment.CurrentDirectory);
        var project = ProjectRoot.Find(directory);
        return new ProjectCommand(MachinePaths.FromEnvironment(), project, directory, MachinefileReader.Read(project));
    }

    public Workspace OpenWorkspace(GuestAddress guest) => Workspace.Open(Project, Paths, Machinefile.Workspace, GuestProgram.Over(new SshSession(guest)));

    /// <summary>Starts or finds the machine and gets the right to run one command.</summary>
    public async Task<ClientLease> LeaseAsync(SupervisorClient client, string display, CancellationToken cancel)
    {
        MachineProject.Require(Folders);
        Approval.Require(this, assumeYes: false);
        await using var progress = ProgressView.Create();
        var lease = client.Lease(new CommandRequest(display), () => progress, cancel)!;
        if (lease.Lease.Stale)
        {
            progress.Note(StaleMachine);
        }

        return lease;
    }
}
