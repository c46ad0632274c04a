using Microsoft.Build.Framework;

namespace Machine.Build.Records;

/// <summary>Gives the records of a build in the guest to the build on this host, as if its own tasks had logged them.</summary>
internal sealed class RecordReplay(IBuildEngine engine, string sender)
{
    /// <summary>A build that says more than this is flooding; errors and warnings are never left out.</summary>
    private const int MostMessages = 200_000;

    private int messages;

    /// <summary>How many errors were replayed.</summary>
    public int Errors { get; private set; }

    public void Replay(BuildRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Error:
                Errors++;
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
