using Machine.Tool.Guests;
using Machine.Tool.Hosting;
using Machine.Tool.Machinefiles;

namespace Machine.Tool.Supervision;

/// <summary>
/// The variables of a command. The host's own are full of secrets, so only names that describe the terminal, the
/// language and the build are handed on; anything else is declared in the Machinefile or given with -e.
/// </summary>
internal static class GuestEnvironment
{
    // MSBUILDDISABLENODEREUSE is not among them: it is about processes that stay on the host, and would leave the hot servers unused.
    private static readonly string[] Passed =
    [
        "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES",
        "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "TZ",
        "CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "BUILD_BUILDNUMBER", "BUILD_BUILDID", "GITHUB_RUN_NUMBER", "GITHUB_SHA", "GITHUB_REF", "CI_COMMIT_SHA",
        "DOTNET_ENVIRONMENT", "ASPNETCORE_ENVIRONMENT", "ASPNETCORE_URLS", "DOTNET_CLI_UI_LANGUAGE", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT",
        "DOTNET_NOLOGO", "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION",
        "MSBUILDTERMINALLOGGER", "MSBUILDDEBUGENGINE", "VSTEST_HOST_DEBUG", "VSTEST_CONNECTION_TIMEOUT", "ContinuousIntegrationBuild",
        "DOTNET_WATCH_RESTART_ON_RUDE_EDIT", "DOTNET_USE_POLLING_FILE_WATCHER",
    ];

    /// <summary>Whether a variable of this name is handed on without anybody's asking for it.</summary>
    public static bool MayPass(string name) => Array.IndexOf(Passed, name) >= 0;

    public static Dictionary<string, string> For(Machinefile machinefile, HostUser user, CommandOrder order)
    {
        var variables = BuildEnvironment.Of(user);
        foreach (var name in Passed)
        {
            Pass(order, variables, name);
        }

        foreach (var (name, value) in machinefile.Env.Concat(order.Variables))
        {
            if (value is null)
            {
                Pass(order, variables, name);
            }
            else
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private static void Pass(CommandOrder order, Dictionary<string, string> variables, string name)
    {
        if (order.Environment.GetValueOrDefault(name) is { Length: > 0 } value)
        {
            variables[name] = value;
        }
    }
}
