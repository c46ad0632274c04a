namespace Machine.Tool.Guests;

/// <summary>The names of the host's variables that every command inside is given. The host's own are full of secrets, so these only describe the terminal, the language and the build.</summary>
internal static class PassedVariables
{
    // MSBUILDDISABLENODEREUSE is not among them: it is about processes that stay on the host, and would leave the hot servers unused.
    private static readonly string[] All =
    [
        "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES",
        "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "TZ",
        "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "BUILD_BUILDNUMBER", "BUILD_BUILDID", "GITHUB_RUN_NUMBER", "GITHUB_SHA", "GITHUB_REF", "CI_COMMIT_SHA",
        "DOTNET_ENVIRONMENT", "ASPNETCORE_ENVIRONMENT", "ASPNETCORE_URLS", "DOTNET_CLI_UI_LANGUAGE", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT",
        "DOTNET_NOLOGO", "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION",
        "MSBUILDTERMINALLOGGER", "MSBUILDDEBUGENGINE", "VSTEST_HOST_DEBUG", "VSTEST_CONNECTION_TIMEOUT", "ContinuousIntegrationBuild",
        "DOTNET_WATCH_RESTART_ON_RUDE_EDIT", "DOTNET_USE_POLLING_FILE_WATCHER",
    ];

    public static IReadOnlyList<string> Names => All;

    /// <summary>Whether a variable of this name is handed on without anybody's asking for it.</summary>
    public static bool MayPass(string name) => Array.IndexOf(All, name) >= 0;
}
