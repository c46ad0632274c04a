using Microsoft.Build.Framework;

namespace Machine.Build.Records;

/// <summary>Gives the records of a build in the guest to the build on this host, as if its own tasks had logged them.</summary>
internal sealed class RecordReplay(IBuildEngine engine, string sender, RecordBounds bounds)
{
    /// <summary>A build that says more than this is flooding.</summary>
    internal const int MostMessages = 200_000;

    /// <summary>Of errors and of warnings each. What is left out is said, and the build fails by its exit code.</summary>
    internal const int MostDiagnostics = 20_000;

    /// <summary>Of all texts together: IDEs keep them.</summary>
    internal const int MostCharacters = 64 << 20;

    private int messages;
    private int warnings;
    private long characters;
    private bool full;

    /// <summary>How many errors were replayed.</summary>
    public int Errors { get; private set; }

    public void Replay(BuildRecord record)
    {
        characters += record.Text.Length;
        if (characters > MostCharacters)
        {
            Errors += record.Kind == RecordKind.Error ? 1 : 0;
            LeaveOut();
            return;
        }

        bounds.Apply(record);
        switch (record.Kind)
        {
            case RecordKind.Error when Errors++ >= MostDiagnostics:
            case RecordKind.Warning when warnings++ >= MostDiagnostics:
                LeaveOut();
                break;
            case RecordKind.Error:
                engine.LogErrorEvent(new BuildErrorEventArgs(
                    record.Subcategory, record.Code, record.File, record.Line, record.Column, record.EndLine, record.EndColumn, record.Text,
                    record.HelpKeyword, sender, record.HelpLink, DateTime.UtcNow)
                { ProjectFile = OrNull(record.Project) });
                break;
            case RecordKind.Warning:
                engine.LogWarningEvent(new BuildWarningEventArgs(
                    record.Subcategory, record.Code, record.File, record.Line, record.Column, record.EndLine, record.EndColumn, record.Text,
                    record.HelpKeyword, sender, record.HelpLink, DateTime.UtcNow)
                { ProjectFile = OrNull(record.Project) });
                break;
            default:
                Message(record);
                break;
        }
    }

    private void LeaveOut()
    {
        if (!full)
        {
            full = true;
            engine.LogErrorEvent(new BuildErrorEventArgs(
                null, "MACHINE006", null, 0, 0, 0, 0,
                $"the build in the machine says more than is shown: {MostDiagnostics} errors and as many warnings, {MostCharacters >> 20} MiB in all; the rest is left out", null, sender));
        }
    }

    private void Message(BuildRecord record)
    {
        if (messages++ < MostMessages)
        {
            if (record.Kind == RecordKind.CommandLine)
            {
                engine.LogMessageEvent(new TaskCommandLineEventArgs(record.Text, sender, (MessageImportance)record.Importance));
                return;
            }

            engine.LogMessageEvent(new BuildMessageEventArgs(
                OrNull(record.Subcategory), OrNull(record.Code), OrNull(record.File), record.Line, record.Column, record.EndLine, record.EndColumn,
                record.Text, OrNull(record.HelpKeyword), sender, (MessageImportance)record.Importance)
            { ProjectFile = OrNull(record.Project) });
        }
        else if (messages == MostMessages + 1)
        {
            engine.LogMessageEvent(new BuildMessageEventArgs(
                $"more than {MostMessages} messages came from the machine; the rest is left out", null, sender, MessageImportance.High));
        }
    }

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}
