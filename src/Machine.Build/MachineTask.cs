using System.ComponentModel;
using Machine.Build.Client;
using Machine.Build.Records;
using Microsoft.Build.Framework;
using Task = Microsoft.Build.Utilities.Task;

namespace Machine.Build;

/// <summary>What the tasks have in common: they run <c>dotnet-machine</c> in a folder of the project and log what it says.</summary>
/// <remarks>
/// Errors: MACHINE001, the tool is not installed; MACHINE002, it failed, with its own words. Cancelling the build ends the
/// command in the machine with everything that it started.
/// </remarks>
public abstract class MachineTask : Task, ICancelableTask
{
    private protected const int MostLine = 4096;
    private const int MostLines = 200_000;

    private int lines;

    private readonly object gate = new();
    private readonly Queue<string> complaints = new();
    private ClientProcess? client;
    private bool canceled;

    /// <summary>Path of <c>dotnet-machine</c>. Without it: what the variable <c>MachineToolPath</c> names, else the one in PATH, else the one among the user's dotnet tools.</summary>
    public string? ToolPath { get; set; }

    /// <summary>A folder at or below the project's Machinefile, where the command also runs inside. Without it: the project file's folder.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>The exit code: of the command inside where one ran, else of the tool (125: the machine could not run it). -1 before the end.</summary>
    [Output]
    public int ExitCode { get; protected set; } = -1;

    /// <summary>Ends the run; called by MSBuild on another thread.</summary>
    public void Cancel()
    {
        lock (gate)
        {
            canceled = true;
        }

        client?.Cancel();
    }

    /// <summary>Runs the tool to its end. Its lines on standard error are messages; see <see cref="OnOutput"/> for the others.</summary>
    /// <returns>False when the tool could not be started or the build was cancelled; the reason is logged.</returns>
    private protected bool RunTool(IReadOnlyList<string> arguments)
    {
        if (ToolLocation.Find(ToolPath) is not { } tool)
        {
            Error("MACHINE001", string.IsNullOrEmpty(ToolPath)
                ? "dotnet-machine is not installed: neither in PATH nor among the dotnet tools of this user. Install it: dotnet tool install -g Machine.Tool"
                : $"there is no dotnet-machine at {ToolPath} (MachineToolPath)");
            return false;
        }

        Log.LogCommandLine(MessageImportance.Low, $"{tool} {CommandArguments.Join(arguments)}");
        try
        {
            using var run = ClientProcess.Start(tool, arguments, Folder);
            lock (gate)
            {
                client = run;
            }

            if (canceled)
            {
                run.Cancel();
            }

            ExitCode = run.Run(OnOutput, OnComplaint);
            lock (gate)
            {
                client = null;
            }

            return !canceled;
        }
        catch (Win32Exception e)
        {
            Error("MACHINE001", $"{tool} can't be started: {e.Message}");
            return false;
        }
    }

    /// <summary>A line that the command printed to standard output.</summary>
    private protected virtual void OnOutput(string line) => Tell(CleanText.Line(line, MostLine));

    /// <summary>Says with the tool's own last words why it failed.</summary>
    private protected void LogFailure(string what)
    {
        string words;
        lock (complaints)
        {
            words = string.Join(Environment.NewLine, complaints);
        }

        Error("MACHINE002", words.Length > 0 ? $"{what} failed with exit code {ExitCode}: {words}" : $"{what} failed with exit code {ExitCode}");
    }

    private string Folder => !string.IsNullOrEmpty(WorkingDirectory)
        ? Path.GetFullPath(WorkingDirectory)
        : Path.GetDirectoryName(Path.GetFullPath(BuildEngine.ProjectFileOfTaskNode))!;

    // Progress ("machine: booting (37.2 s)") and the command's own standard error look alike here: both are told, none is an error by itself.
    private void OnComplaint(string line)
    {
        var clean = CleanText.Line(line, MostLine);
        lock (complaints)
        {
            complaints.Enqueue(clean);
            if (complaints.Count > 8)
            {
                complaints.Dequeue();
            }
        }

        Tell(clean);
    }

    // IDEs and binary logs keep every line.
    private void Tell(string line)
    {
        var number = Interlocked.Increment(ref lines);
        if (number <= MostLines)
        {
            Log.LogMessage(MessageImportance.High, "{0}", line);
        }
        else if (number == MostLines + 1)
        {
            Log.LogMessage(MessageImportance.High, "more than {0} lines came from the machine; the rest is left out", MostLines);
        }
    }

    private void Error(string code, string text) => Log.LogError(null, code, null, null, 0, 0, 0, 0, "{0}", text);
}
