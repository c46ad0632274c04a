using Machine.Tool.Control;
using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;
using Machine.Tool.Machines;
using Machine.Tool.Workspaces;
using Machine.Tool.Workspaces.Listing;
using Machine.Tool.Workspaces.Lower;

namespace Machine.Tool.Operations;

/// <summary>The project that an operation works on, its Machinefile read, and where its machine's state lies.</summary>
internal sealed class OpenedProject
{
    public const string StaleMachine = "the Machinefile has changed since this machine was started; `dotnet machine stop` makes the next start use it";

    private SupervisorClient? client;

    private OpenedProject(MachinePaths paths, ProjectRoot project, string directory, Machinefile machinefile)
    {
        Paths = paths;
        Project = project;
        Directory = directory;
        Machinefile = machinefile;
        Folders = new ProjectMachine(paths, project);
    }

    public MachinePaths Paths { get; }

    public ProjectRoot Project { get; }

    /// <summary>Where the operation was asked for, by its real path: at or below the project.</summary>
    public string Directory { get; }

    public Machinefile Machinefile { get; }

    public ProjectMachine Folders { get; }

    /// <exception cref="MachineException">Another user planted the folder of its sockets.</exception>
    public SupervisorClient Client => client ??= SupervisorClient.For(Paths, Project);

    public ProjectPaths Shown => new(Project.Path, Directory);

    /// <summary>The project at or above the folder that one stands in.</summary>
    /// <exception cref="MachineException">There is none, it is another user's, or its Machinefile has a flaw.</exception>
    public static OpenedProject Here()
    {
        var directory = ProjectRoot.RealPath(Environment.CurrentDirectory);
        var project = ProjectRoot.Find(directory);
        return new OpenedProject(MachinePaths.FromEnvironment(), project, directory, MachinefileReader.Read(project));
    }

    public Workspace OpenWorkspace(GuestAddress guest) => Workspace.Open(Project, Paths, Machinefile.Workspace, GuestProgram.Over(new SshSession(guest)), new SharedLower());
}
