using System.Diagnostics;
using Machine.Tool.Hosting;

namespace Machine.Tool.Supervision;

/// <summary>Starts a project's supervisor, in the background and with a log of its own.</summary>
internal sealed class SupervisorLaunch(MachineFolders folders)
{
    /// <returns>Ends at once where another client was quicker.</returns>
    public Process Start()
    {
        folders.Create();
        LogBounds.Keep(folders.SupervisorLog);

        var (program, arguments) = SelfCommand.With(SupervisorProcess.Verb, folders.Project.Path);
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, WorkingDirectory = "/" };
        foreach (var argument in (string[])["-c", "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null", "sh", folders.SupervisorLog, program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    public string LogTail() => File.Exists(folders.SupervisorLog) ? Programs.LastLines(File.ReadAllText(folders.SupervisorLog), 6) : "";
}
