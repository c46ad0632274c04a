namespace Machine.Tool.Commands;

/// <summary>This tool's own failure as the line that a pipeline's page shows on top. The commands' errors are the commands' business.</summary>
internal static class LogAnnotation
{
    /// <summary>Null where the log is only text.</summary>
    public static string? Error(string message, Func<string, string?> variable) =>
        // https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
        LogGroup.IsTrue(variable("GITHUB_ACTIONS")) ? $"::error title=machine::{Escaped(message)}"
        // https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logissue-log-an-error-or-warning
        : LogGroup.IsTrue(variable("TF_BUILD")) ? $"##vso[task.logissue type=error]{Escaped(message)}"
        : null;

    // A line end would let what is quoted in a message, a guest's output perhaps, begin a command of its own.
    private static string Escaped(string text) => text
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal)
        .Replace("\n", "%0A", StringComparison.Ordinal);
}
