using Microsoft.Extensions.Logging;
using NuGet.Common;
using ILogger = Microsoft.Extensions.Logging.ILogger;
using LogLevel = NuGet.Common.LogLevel;

namespace Machine.Tool.Packages;

/// <summary>What NuGet says, in this tool's log, without secrets. Remembers the last error, which NuGet sometimes only logs.</summary>
internal sealed class NuGetLog(ILogger log) : LoggerBase
{
    public string? LastError { get; private set; }

    public override void Log(ILogMessage message)
    {
        if (message.Level == LogLevel.Error)
        {
            LastError = message.Message;
        }

        var level = message.Level switch
        {
            LogLevel.Error or LogLevel.Warning => Microsoft.Extensions.Logging.LogLevel.Warning,
            _ => Microsoft.Extensions.Logging.LogLevel.Debug,
        };
        if (log.IsEnabled(level))
        {
            log.Log(level, "nuget: {Message}", Redaction.Secrets(message.Message));
        }
    }

    public override Task LogAsync(ILogMessage message)
    {
        Log(message);
        return Task.CompletedTask;
    }
}
