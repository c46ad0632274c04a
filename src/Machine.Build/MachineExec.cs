using Machine.Build.Records;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace Machine.Build;

/// <summary>Runs one command inside the project's machine, as MSBuild's Exec does on the host: <c>dotnet-machine exec</c>.</summary>
/// <example><code>
/// &lt;MachineExec Command="npm ci &amp;&amp; npm run build" WorkingDirectory="$(MSBuildProjectDirectory)/web" /&gt;
/// &lt;MachineExec Arguments="git;describe;--tags" ConsoleToMSBuild="true"&gt;
///   &lt;Output TaskParameter="ConsoleOutput" PropertyName="Tag" /&gt;
/// &lt;/MachineExec&gt;
/// </code></example>
public sealed class MachineExec : MachineTask
{
    private const int MostOutput = 100_000;
    private readonly List<ITaskItem> output = [];

    /// <summary>A line for the guest's <c>sh</c>. Either this or <see cref="Arguments"/>.</summary>
    public string? Command { get; set; }

    /// <summary>The program and its arguments, which no shell sees. Either this or <see cref="Command"/>.</summary>
    public string[]? Arguments { get; set; }

    /// <summary>Variables of this command: <c>NAME=VALUE</c>, or <c>NAME</c> for this host's value.</summary>
    public string[]? EnvironmentVariables { get; set; }

    /// <summary>An exit code that is not 0 is no error; read <see cref="MachineTask.ExitCode"/>. Default: false.</summary>
    public bool IgnoreExitCode { get; set; }

    /// <summary>Collects standard output in <see cref="ConsoleOutput"/>, at most 100 000 lines. Default: false.</summary>
    public bool ConsoleToMSBuild { get; set; }

    /// <summary>The lines of standard output, control characters made visible; empty unless <see cref="ConsoleToMSBuild"/>.</summary>
    [Output]
    public ITaskItem[] ConsoleOutput => [.. output];

    /// <summary>Runs the command to its end.</summary>
    /// <returns>False with a logged error when it could not run, or exited with another code than 0 unless <see cref="IgnoreExitCode"/>.</returns>
    public override bool Execute()
    {
        var shell = !string.IsNullOrEmpty(Command);
        if (shell == (Arguments is { Length: > 0 }))
        {
            Log.LogError(null, "MACHINE004", null, null, 0, 0, 0, 0, "MachineExec takes either Command or Arguments");
            return false;
        }

        string[] command = shell ? ["sh", "-c", Command!] : Arguments!;
        var variables = (EnvironmentVariables ?? []).SelectMany(variable => new[] { "-e", variable });
        if (!RunTool(["exec", .. variables, "--", .. command]))
        {
            return false;
        }

        if (ExitCode != 0 && !IgnoreExitCode)
        {
            LogFailure(shell ? Command! : string.Join(" ", command));
        }

        return ExitCode == 0 || IgnoreExitCode;
    }

    /// <inheritdoc />
    private protected override void OnOutput(string line)
    {
        base.OnOutput(line);
        if (ConsoleToMSBuild && output.Count < MostOutput)
        {
            output.Add(new TaskItem(EscapedText.OfItem(CleanText.Line(line, MostLine))));
        }
    }
}
