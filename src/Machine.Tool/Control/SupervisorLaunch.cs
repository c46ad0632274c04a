using System.Diagnostics;
using Machine.Tool.Hosting;
using Machine.Tool.Machines;

namespace Machine.Tool.Control;

/// <summary>Starts a project's supervisor, in the background and with a log of its own.</summary>
internal sealed class SupervisorLaunch(ProjectMachine folders)
{
    /// <summary>The hidden verb of this tool that is a supervisor.</summary>
    public const string Verb = "__supervise";

    /// <returns>Ends at once where another client was quicker.</returns>
    public Process Start()
    {
        folders.Create();
        LogBounds.Keep(folders.SupervisorLog);

        var (program, arguments) = SelfCommand.With(Verb, folders.Project.Path);
        return DetachedProgram.Start([program, .. arguments], folders.SupervisorLog);
    }

    public string LogTail() => File.Exists(folders.SupervisorLog) ? HostProgram.LastLines(File.ReadAllText(folders.SupervisorLog), 6) : "";
}
