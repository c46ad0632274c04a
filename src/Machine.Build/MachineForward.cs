using Machine.Build.Records;
using Microsoft.Build.Framework;

namespace Machine.Build;

/// <summary>
/// Builds targets of a project or solution inside its machine and replays every error, warning and message here, with
/// file, line, column, code and project, as if they had been built on this host.
/// </summary>
/// <example><code>&lt;MachineForward Project="$(MSBuildProjectFullPath)" Targets="Build" /&gt;</code></example>
public sealed class MachineForward : MachineTask
{
    private RecordReplay? replay;

    /// <summary>The project or solution, by its full path; it is the same inside.</summary>
    [Required]
    public string Project { get; set; } = "";

    /// <summary>The targets, in order.</summary>
    [Required]
    public string[] Targets { get; set; } = [];

    /// <summary>Properties besides the global ones of this build, which always reach the inside: <c>NAME=VALUE</c>.</summary>
    public string[]? Properties { get; set; }

    /// <summary>Restores inside first. Default: false.</summary>
    public bool Restore { get; set; }

    /// <summary>The command prints why it failed itself (test runners): no error is added to a failure without one. Default: false.</summary>
    public bool PrintsResults { get; set; }

    /// <summary>The logger's assembly inside. Without it: where the tool puts it.</summary>
    public string? GuestLogger { get; set; }

    /// <summary>Builds to the end.</summary>
    /// <returns>False when the build inside failed; its errors are logged.</returns>
    public override bool Execute()
    {
        replay = new RecordReplay(BuildEngine, nameof(MachineForward), RecordBounds.Of(Project));
        WorkingDirectory ??= Path.GetDirectoryName(Project);
        if (!RunTool(["exec", "--", .. BuildCommand()]))
        {
            return false;
        }

        if (ExitCode != 0 && replay.Errors == 0)
        {
            Explain();
        }

        return ExitCode == 0;
    }

    private IEnumerable<string> BuildCommand()
    {
        yield return "dotnet";
        yield return "msbuild";
        yield return Project;
        yield return "-nologo";
        yield return "-noconsolelogger";
        yield return $"-logger:Machine.Build.Guest.RecordLogger,{(string.IsNullOrEmpty(GuestLogger) ? "/machine/bin/Machine.Build.dll" : GuestLogger)};importance={Importance()}";
        yield return "-t:" + string.Join(";", Targets);
        if (Restore)
        {
            yield return "-restore";
        }

        foreach (var property in ForwardedProperties.Of(Log, BuildEngine))
        {
            yield return "-p:" + property;
        }

        foreach (var property in Properties ?? [])
        {
            yield return "-p:" + EscapedText.OfPlainProperty(property);
        }
    }

    /// <inheritdoc />
    private protected override void OnOutput(string line)
    {
        if (RecordLine.TryRead(line) is { } record)
        {
            replay!.Replay(record);
        }
        else
        {
            base.OnOutput(line);
        }
    }

    // What no logger of this build would show need not travel.
    private string Importance() =>
        BuildEngine is null || Log.LogsMessagesOfImportance(MessageImportance.Low) ? "low"
        : Log.LogsMessagesOfImportance(MessageImportance.Normal) ? "normal" : "high";

    private void Explain()
    {
        if (PrintsResults && ExitCode != 125 && BuildEngine is IBuildEngine7 engine)
        {
            engine.AllowFailureWithoutError = true;
        }
        else
        {
            LogFailure($"{string.Join(";", Targets)} of {Path.GetFileName(Project)} inside the machine");
        }
    }
}
