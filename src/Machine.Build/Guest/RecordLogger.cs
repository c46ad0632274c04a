using Machine.Build.Records;
using Microsoft.Build.Framework;

namespace Machine.Build.Guest;

/// <summary>
/// The logger of a forwarded build, inside the machine: writes every error, warning and message as a record to standard
/// output, from where <see cref="MachineForward"/> replays it. <c>-logger:Machine.Build.Guest.RecordLogger,PATH;importance=high</c>.
/// </summary>
/// <remarks>The console logger must be off (<c>-noconsolelogger</c>): otherwise everything is said twice.</remarks>
public sealed class RecordLogger : ILogger
{
    private MessageImportance least = MessageImportance.High;

    /// <summary>Not used: <see cref="Parameters"/> says what is wanted.</summary>
    public LoggerVerbosity Verbosity { get; set; }

    /// <summary><c>importance=high|normal|low</c>: the least important message that is written. Without it: high.</summary>
    public string? Parameters { get; set; }

    /// <inheritdoc />
    public void Initialize(IEventSource eventSource)
    {
        least = Parameters switch
        {
            "importance=low" => MessageImportance.Low,
            "importance=normal" => MessageImportance.Normal,
            _ => MessageImportance.High,
        };
        eventSource.ErrorRaised += (_, e) => Write(new BuildRecord
        {
            Kind = RecordKind.Error,
            Code = e.Code ?? "",
            Subcategory = e.Subcategory ?? "",
            File = FullName(e.File, e.ProjectFile),
            Line = e.LineNumber,
            Column = e.ColumnNumber,
            EndLine = e.EndLineNumber,
            EndColumn = e.EndColumnNumber,
            Project = e.ProjectFile ?? "",
            HelpKeyword = e.HelpKeyword ?? "",
            HelpLink = e.HelpLink ?? "",
            Text = e.Message ?? "",
        });
        eventSource.WarningRaised += (_, e) => Write(new BuildRecord
        {
            Kind = RecordKind.Warning,
            Code = e.Code ?? "",
            Subcategory = e.Subcategory ?? "",
            File = FullName(e.File, e.ProjectFile),
            Line = e.LineNumber,
            Column = e.ColumnNumber,
            EndLine = e.EndLineNumber,
            EndColumn = e.EndColumnNumber,
            Project = e.ProjectFile ?? "",
            HelpKeyword = e.HelpKeyword ?? "",
            HelpLink = e.HelpLink ?? "",
            Text = e.Message ?? "",
        });
        eventSource.MessageRaised += (_, e) => WriteMessage(e);
    }

    /// <inheritdoc />
    public void Shutdown() => Console.Out.Flush();

    private void WriteMessage(BuildMessageEventArgs e)
    {
        // A command line says high and is shown from normal on.
        if (e.Importance > least || string.IsNullOrEmpty(e.Message) || (e is TaskCommandLineEventArgs && least == MessageImportance.High))
        {
            return;
        }

        Write(new BuildRecord
        {
            Kind = e is TaskCommandLineEventArgs ? RecordKind.CommandLine : RecordKind.Message,
            Importance = (int)e.Importance,
            Code = e.Code ?? "",
            Subcategory = e.Subcategory ?? "",
            File = e.File ?? "",
            Line = e.LineNumber,
            Column = e.ColumnNumber,
            EndLine = e.EndLineNumber,
            EndColumn = e.EndColumnNumber,
            Project = e.ProjectFile ?? "",
            Text = e.Message!,
        });
    }

    // The host shows a relative name against the project that it forwards, which may be a solution elsewhere.
    private static string FullName(string? file, string? project)
    {
        if (string.IsNullOrEmpty(file) || string.IsNullOrEmpty(project))
        {
            return file ?? "";
        }

        try
        {
            var full = Path.Combine(Path.GetDirectoryName(project)!, file);
            return File.Exists(full) ? full : file!;
        }
        catch (ArgumentException)
        {
            // "CSC", or whatever a tool put there.
            return file!;
        }
    }

    // Console.Out, not the stream: a build server redirects it to the client.
    private static void Write(BuildRecord record) => Console.Out.WriteLine(RecordLine.Write(record));
}
