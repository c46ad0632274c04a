namespace Machine.Tool.Commands;

/// <summary>How a pipeline's log folds the lines between two marks. Only around this tool's own lines, on standard error: a command's output is its own.</summary>
/// <param name="Begin">Written before the first line.</param>
/// <param name="End">Written after the last.</param>
internal sealed record LogGroup(string Begin, string End)
{
    private const string Title = "machine: getting ready";

    /// <summary>Null where nobody folds.</summary>
    public static LogGroup? Of(Func<string, string?> variable, DateTimeOffset now) =>
        // https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#grouping-log-lines
        IsTrue(variable("GITHUB_ACTIONS")) ? new LogGroup($"::group::{Title}", "::endgroup::")
        // https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#formatting-commands
        : IsTrue(variable("TF_BUILD")) ? new LogGroup($"##[group]{Title}", "##[endgroup]")
        // https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections; a name may occur once in a log
        : IsTrue(variable("GITLAB_CI")) ? Section($"machine_{now.ToUnixTimeMilliseconds()}", now.ToUnixTimeSeconds())
        : null;

    /// <summary>How the services write that it is they.</summary>
    public static bool IsTrue(string? value) => string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);

    private static LogGroup Section(string name, long seconds) => new(
        $"\u001b[0Ksection_start:{seconds}:{name}[collapsed=true]\r\u001b[0K{Title}", $"\u001b[0Ksection_end:{seconds}:{name}\r\u001b[0K");
}
